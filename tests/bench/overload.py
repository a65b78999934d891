"""Overload: ten times what ingest can take; what it stores stays the same, and the rest is told when to come back."""

from collections.abc import Sequence
from contextlib import ExitStack
from functools import partial

import nats
from msgspec import Struct

from tests.bench.figure import Aim, Figure, figure, interleaved
from tests.bench.ingest import CONNECTIONS, PRODUCT, started
from tests.bench.processes import Process, load
from tests.bench.stage import Stage
from tests.bench.traffic import LARGEST_BATCH
from tests.bench.world import World, empty_stream, run
from tests.facts import STREAM

TIMES = 10
MEBIBYTE = 2**20
STAYS = Aim(at_least=0.8)
NONE = Aim(at_most=0.0)
FLAT = Aim(at_most=16.0)


class Scenario(Struct, frozen=True):
    """What is sent, by how many clients when the product is just busy, and by how many when it is overrun.

    With *events* to a request, those that overrun it send at ten times the rate that was just measured; without, each sends as
    soon as it is answered, because no load generator on the same machine could send ten times as many small requests.
    """

    name: str
    traffic: str
    busy: int
    overrun: int
    events: int = 0


SCENARIOS = (
    Scenario("single events", "singles", CONNECTIONS, TIMES * CONNECTIONS),
    # 2,000 connections are the limit of one process.
    Scenario("single events, more clients than are let in", "singles", CONNECTIONS, 2500),
    Scenario("batches of 1,000", "largest_batches", 4, 200, events=LARGEST_BATCH),
)


class Weathered(Struct, frozen=True):
    """A load: what was sent and what the stream stored of it in a second, what was refused how, and the memory at its end."""

    offered: float
    stored: float
    refused: int
    without_retry_after: int
    rss: float


def measure(world: World) -> Sequence[Figure]:
    """Go through the scenarios, each with a process of its own."""
    return [figure for scenario in SCENARIOS for figure in _weather(world, scenario)]


def _weather(world: World, scenario: Scenario) -> list[Figure]:
    run(empty_stream(world.nats.url))
    seconds = 3.0 if world.is_quick else 6.0
    with ExitStack() as stack:
        product = started(world, stack, ())[PRODUCT]
        under = partial(_load, world.nats.url, product, scenario, seconds=seconds)
        capacity = under(scenario.busy).stored
        interval = scenario.overrun * scenario.events / (TIMES * capacity)
        contestants = {"busy": partial(under, scenario.busy), "overrun": partial(under, scenario.overrun, interval=interval)}
        contestants["overrun"]()  # memory takes its shape
        samples = interleaved(3 if world.is_quick else 5, contestants)
    return _figures(scenario, samples["busy"], samples["overrun"])


def _load(
    nats_url: str, product: Process, scenario: Scenario, clients: int, *, seconds: float, interval: float = 0.0
) -> Weathered:
    before = run(_stored(nats_url))
    result = load(product, scenario.traffic, connections=clients, seconds=seconds, interval=interval).result
    assert {"200", "204", "429", "503"} >= result.answers.keys(), result.answers
    refused = result.total - result.successes
    return Weathered(
        offered=result.total * (scenario.events or 1) / result.seconds,
        stored=(run(_stored(nats_url)) - before) / result.seconds,
        refused=refused,
        without_retry_after=refused - result.retry_after,
        rss=product.rss / MEBIBYTE,
    )


async def _stored(nats_url: str) -> int:
    connection = await nats.connect(nats_url)
    messages = (await connection.jetstream().stream_info(STREAM)).state.messages
    await connection.close()
    return messages


def _figures(scenario: Scenario, busy: list[Weathered], overrun: list[Weathered]) -> list[Figure]:
    name, clients = scenario.name, f"{scenario.overrun:,} clients"
    beside = (f"{scenario.busy} clients", [each.stored for each in busy])
    growth = overrun[-1].rss - overrun[0].rss
    rude = sum(each.without_retry_after for each in overrun)
    return [
        figure(f"{name}: stored from {clients}", [each.stored for each in overrun], "events/s", beside=beside, aim=STAYS),
        figure(f"{name}: answered to them", [each.offered for each in overrun], "events/s"),
        figure(f"{name}: refused with 503 or 429", [each.refused for each in overrun], "answers"),
        Figure(name=f"{name}: refused without Retry-After", value=rude, unit="answers", aim=NONE),
        Figure(name=f"{name}: memory, last round less first", value=growth, unit="MiB", aim=FLAT),
    ]


STAGE = Stage(
    name="overload",
    says="Ten times what keeps ingest busy: what is stored stays, the rest is refused politely, memory is flat.",
    measure=measure,
)
