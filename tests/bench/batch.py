"""Batch: native batches of 500 events, beside the same events posted one by one."""

import asyncio
import time
from collections.abc import Sequence
from contextlib import ExitStack
from functools import partial

from collector.stream.connection import connect, disconnect
from collector.stream.publisher import Publisher
from collector.stream.streams import Streams
from contracts.events import WebEvent
from tests.bench.facts import facts
from tests.bench.figure import Aim, Figure, figure, interleaved
from tests.bench.ingest import CONNECTIONS, PRODUCT, started
from tests.bench.processes import Loaded, load
from tests.bench.stage import Stage
from tests.bench.traffic import BATCH_EVENTS
from tests.bench.world import World, empty_stream, run

SENDERS = 4
PUBLISHED = 40_000
AIM = Aim(at_least=5.0)


def measure(world: World) -> Sequence[Figure]:
    """Load the product with batches and with single events in turn."""
    run(empty_stream(world.nats.url))
    seconds = 1.0 if world.is_quick else 3.0
    events = list(facts(world.of(PUBLISHED), world.of(PUBLISHED) // 3))
    with ExitStack() as stack:
        product = started(world, stack, ())[PRODUCT]
        contestants = {
            "batches": partial(load, product, "batches", connections=SENDERS, seconds=seconds),
            "singles": partial(load, product, "singles", connections=CONNECTIONS, seconds=seconds),
        }
        for warm_up in contestants.values():
            warm_up()
        samples = interleaved(world.rounds, contestants)
    alone = [run(publish(world.nats.url, events)) for _ in range(world.rounds)]
    singles = [each.result.rate for each in samples["singles"]]
    batched = [each.result.rate * BATCH_EVENTS for each in samples["batches"]]
    return [
        figure("durable events in batches of 500", batched, "events/s", beside=("single events", singles), aim=AIM),
        figure("durable single events", singles, "events/s"),
        figure("the publisher alone, without HTTP and privacy", alone, "events/s"),
        figure("batches, CPU", [_cost(each) for each in samples["batches"]], "µs/event"),
    ]


async def publish(nats_url: str, events: Sequence[WebEvent]) -> float:
    """Publish *events* as many at once as there are under way in batches, and return the rate."""
    await empty_stream(nats_url)
    client = await connect(nats_url, on_loss=lambda: None)
    at_once = SENDERS * BATCH_EVENTS
    async with Publisher(client, Streams(client, max_bytes=8 << 30, replicas=1)) as publisher:
        began = time.perf_counter()
        for start in range(0, len(events), at_once):
            await asyncio.gather(*(publisher.submit(event) for event in events[start : start + at_once]))
        seconds = time.perf_counter() - began
    await disconnect(client)
    return len(events) / seconds


def _cost(loaded: Loaded) -> float:
    assert loaded.result.total == loaded.result.successes, "batches were refused"
    return loaded.cpu_microseconds / BATCH_EVENTS


STAGE = Stage(
    name="batch",
    says=f"Native batches of 500 events from {SENDERS} servers that each wait for their answer, beside {CONNECTIONS} browsers.",
    measure=measure,
)
