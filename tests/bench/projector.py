"""Projector: how fast the stream becomes read models, beside fetching the same messages and doing nothing with them."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Sequence
from functools import partial

import nats
from msgspec import Struct
from nats.js.api import AckPolicy, ConsumerConfig

from contracts.codec import CODEC
from projections.projector.garbage import look_less
from projections.projector.projectors import Projectors
from tests.bench.facts import facts, fill_stream
from tests.bench.figure import Aim, Figure, figure, interleaved
from tests.bench.stage import Stage
from tests.bench.world import World, fresh_database, run
from tests.facts import STREAM, WEB
from tests.projections.world import connect_to_tables, utc_now

EVENTS, VISITORS = 100_000, 30_000
FETCHED_AT_ONCE = 1000
POLL_SECONDS = 0.02
# With rollups, which a worker beside it computes.
AIM = Aim(at_least=0.35)


class Pass(Struct, frozen=True):
    """One pass over the whole stream: how many facts, and the seconds on the clock and on our processor."""

    facts: int
    seconds: float
    cpu_seconds: float

    @property
    def rate(self) -> float:
        """Return the facts of a second."""
        return self.facts / self.seconds


def measure(world: World) -> Sequence[Figure]:
    """Fill a stream, and project it, fetch it and decode it in turn, in a process that is as a projector's."""
    look_less()
    count = world.of(EVENTS)
    run(fill_stream(world.nats.url, count, world.of(VISITORS)))
    samples = compared(world, count, rounds=3 if world.is_quick else 5)
    project, fetch, decode = ([each.rate for each in samples[name]] for name in ("project", "fetch", "decode"))
    costs = {name: [each.cpu_seconds / each.facts * 1e6 for each in passes] for name, passes in samples.items()}
    return [
        figure("projector, all read models", project, "events/s", beside=("nats-py fetch", fetch), aim=AIM),
        figure("projector, all read models", project, "events/s", beside=("decode alone", decode)),
        figure("nats-py fetch", fetch, "events/s"),
        figure("decode alone", decode, "events/s"),
        figure("projector, CPU beside Postgres's own", costs["project"], "µs/event"),
        figure("nats-py fetch, CPU", costs["fetch"], "µs/event"),
    ]


def compared(world: World, count: int, *, rounds: int) -> dict[str, list[Pass]]:
    """Let the projector and its two ceilings go over the *count* facts of the stream, round by round."""
    written = [CODEC.encode(fact) for fact in facts(count, max(count // 3, 1))]
    return interleaved(
        rounds,
        {
            "project": lambda: run(project(world)),
            "fetch": lambda: run(timed(count, partial(fetch, world.nats.url, count))),
            "decode": lambda: run(timed(count, partial(decode, written))),
        },
    )


async def timed(count: int, act: Callable[[], Awaitable[None]]) -> Pass:
    """Time *act*, which deals with *count* facts."""
    began, began_cpu = time.perf_counter(), time.process_time()
    await act()
    return Pass(count, time.perf_counter() - began, time.process_time() - began_cpu)


async def project(world: World) -> Pass:
    """Project the whole stream into empty tables."""
    async with fresh_database(world.postgres) as database_url:
        connection = await nats.connect(world.nats.url)
        waiting = (await connection.jetstream().stream_info(STREAM)).state.messages
        await connection.close()
        return await timed(waiting, partial(project_all, world.nats.url, database_url, waiting))


async def project_all(nats_url: str, database_url: str, count: int) -> None:
    """Run a projector until it has dealt with *count* facts."""
    stop = asyncio.Event()
    watching = await connect_to_tables(database_url)
    async with Projectors(nats_url=nats_url, database_url=database_url) as projectors:
        running = asyncio.create_task(projectors.run(stop, clock=utc_now))
        while (await watching.fetchval("SELECT sum(applied) FROM positions") or 0) < count:
            await asyncio.sleep(POLL_SECONDS)
        stop.set()
        await running
    await watching.close()


async def fetch(nats_url: str, count: int) -> None:
    """Fetch *count* messages as nats-py does, and look at none."""
    connection = await nats.connect(nats_url)
    wanted = ConsumerConfig(ack_policy=AckPolicy.NONE)
    subscription = await connection.jetstream().pull_subscribe(WEB.subjects[0], stream=STREAM, config=wanted)
    fetched = 0
    while fetched < count:
        fetched += len(await subscription.fetch(FETCHED_AT_ONCE))
    await subscription.unsubscribe()
    await connection.close()


async def decode(written: Sequence[bytes]) -> None:
    """Decode the facts, and do nothing with them."""
    for data in written:
        CODEC.decode(data)


STAGE = Stage(
    name="projector",
    says=f"{EVENTS:,} events of {VISITORS:,} visitors into every read model, from connecting to the last commit.",
    measure=measure,
)
