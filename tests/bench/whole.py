"""Whole: single events through everything, until they can be read; what each part of the product spends on one, and the lag.

People come four at a time from a thousand addresses in turn, so that the projector has visits to join. Nobody asks anything
while they come; afterwards the query role is asked until it has counted them all.
"""

import asyncio
import http.client
import json
import resource
import time
from collections import deque
from collections.abc import Sequence
from contextlib import ExitStack

import asyncpg
import nats
import psutil
from msgspec import Struct
from nats.js import JetStreamContext

from tests.bench.figure import Aim, Figure, figure
from tests.bench.ingest import CONNECTIONS
from tests.bench.memory import ROLES
from tests.bench.processes import Loaded, Process, load, role
from tests.bench.spent import Spent, spent
from tests.bench.stage import Stage
from tests.bench.traffic import SITE
from tests.bench.world import World, empty_stream, fresh_database, run
from tests.facts import STREAM
from tests.projections.world import connect_to_tables

SECONDS = 5.0
PATIENCE = 120.0
POLL_SECONDS, MARK_SECONDS = 0.02, 0.1
COST = Aim(at_most=320.0)
READABLE = LAG = Aim(at_most=2000.0)
QUESTION = f"/api/stats/{SITE}/overview?period=7d"


class Passage(Struct, frozen=True, kw_only=True):
    """One load: what came back, how long after its last answer all was readable, and what every part used until then."""

    loaded: Loaded
    readable_ms: float
    spent: Spent
    generator: float

    @property
    def events(self) -> int:
        """Return how many events were stored."""
        return self.loaded.result.successes


def measure(world: World) -> Sequence[Figure]:
    """Run the roles, load them as fast as they take it, round by round, and then at half of that."""
    run(empty_stream(world.nats.url))
    return run(_measure(world))


async def _measure(world: World) -> list[Figure]:
    seconds = SECONDS / 3 if world.is_quick else SECONDS
    async with fresh_database(world.postgres) as database_url:
        where = {"NATS_URL": world.nats.url, "DATABASE_URL": database_url, "TRUSTED_PROXIES": "loopback"}
        with ExitStack() as stack:
            roles = {name: stack.enter_context(role(name, world.launcher, world.folder, **where)) for name in ROLES}
            parts = _parts(world, roles)
            passages = _passages(roles, parts, rounds=world.rounds, seconds=seconds)
            rate = passages[-1].loaded.result.rate / 2
            lags = await lags_at(rate, world.nats.url, database_url, roles["serve"], seconds=2 * seconds)
    return figures(passages, rate, lags)


def _parts(world: World, roles: dict[str, Process]) -> dict[str, psutil.Process]:
    servers = {"nats-server": world.nats.child, "postgres": world.postgres.child}
    return {f"collector {name}": each.measured for name, each in roles.items()} | {
        name: psutil.Process(child.process.pid) for name, child in servers.items()
    }


def _passages(roles: dict[str, Process], parts: dict[str, psutil.Process], *, rounds: int, seconds: float) -> list[Passage]:
    before, found = 0, []
    for number in range(rounds + 1):
        found.append(passed(roles, parts, before, first=number * 10_000_000, seconds=seconds))
        before += found[-1].events
    # The first warms the caches.
    return found[1:]


def passed(roles: dict[str, Process], parts: dict[str, psutil.Process], before: int, *, first: int, seconds: float) -> Passage:
    """Load the product, which has *before* events, for *seconds*, and wait until all can be read."""
    used, generator = spent(parts), _children()
    loaded = load(roles["serve"], "people", connections=CONNECTIONS, seconds=seconds, first=first)
    answered, generator = time.perf_counter(), _children() - generator
    assert loaded.result.total == loaded.result.successes, loaded.result.answers
    while (seen := pageviews(roles["query"].port)) < before + loaded.result.successes:
        assert time.perf_counter() < answered + PATIENCE, f"{seen} can be read of {before + loaded.result.successes}"
        time.sleep(POLL_SECONDS)
    readable_ms = (time.perf_counter() - answered) * 1e3
    return Passage(loaded=loaded, readable_ms=readable_ms, spent=spent(parts).since(used), generator=generator)


def pageviews(port: int) -> int:
    """Return how many pageviews the query role counts."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=PATIENCE)
    connection.request("GET", QUESTION)
    answer = connection.getresponse()
    body = answer.read()
    connection.close()
    assert answer.status == 200, body
    return int(json.loads(body)["pageviews"])


async def lags_at(rate: float, nats_url: str, database_url: str, process: Process, *, seconds: float) -> list[float]:
    """Load at *rate* for *seconds*, and return how many ms after it was stored each of some events was in the tables."""
    client = await nats.connect(nats_url)
    tables = await connect_to_tables(database_url)
    options = {"connections": CONNECTIONS, "seconds": seconds, "interval": CONNECTIONS / rate, "first": 500_000_000}
    loading = asyncio.create_task(asyncio.to_thread(load, process, "people", **options))
    lags = await _watched(loading, client.jetstream(), tables)
    await tables.close()
    await client.close()
    return lags


async def _watched(loading: asyncio.Task[Loaded], jetstream: JetStreamContext, tables: asyncpg.Connection) -> list[float]:
    lags: list[float] = []
    marks: deque[tuple[int, float]] = deque()
    while marks or not loading.done():
        now = time.perf_counter()
        if not loading.done() and (not marks or now - marks[-1][1] >= MARK_SECONDS):
            marks.append(((await jetstream.stream_info(STREAM)).state.last_seq, now))
        reached = await tables.fetchval("SELECT seq FROM positions")
        now = time.perf_counter()
        while marks and marks[0][0] <= reached:
            lags.append((now - marks.popleft()[1]) * 1e3)
        await asyncio.sleep(POLL_SECONDS)
    assert (await loading).result.total == (await loading).result.successes
    return lags


def figures(passages: Sequence[Passage], rate: float, lags: Sequence[float]) -> list[Figure]:
    """Return what an event costs, altogether and by parts, and how soon it can be read."""
    costs = {name: [each.spent.seconds[name] / each.events * 1e6 for each in passages] for name in passages[0].spent.seconds}
    together = [each.spent.total / each.events * 1e6 for each in passages]
    generators = [each.generator / each.events * 1e6 for each in passages]
    return [
        figure("single events through the whole product", [each.loaded.result.rate for each in passages], "events/s"),
        figure("all readable after the last answer", [each.readable_ms for each in passages], "ms", aim=READABLE),
        figure("processor time of all processes", together, "µs/event", aim=COST),
        *(figure(f"of it {name}", values, "µs/event") for name, values in costs.items()),
        figure("beside it the load generator", generators, "µs/event"),
        figure(f"lag at {rate:,.0f} events/s, half of the most: the longest", [max(lags)], "ms", aim=LAG),
    ]


def _children() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


STAGE = Stage(
    name="whole",
    says="Single events through ingest, stream, projector and tables until they are read: processor time by parts, and lag.",
    measure=measure,
)
