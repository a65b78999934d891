"""Ingest: durable single events over HTTP, beside servers that do less and less of it."""

from collections.abc import Sequence
from contextlib import ExitStack
from functools import partial

from tests.bench.ceilings import CEILINGS, HANDLER, ROUTE
from tests.bench.figure import Aim, Figure, figure, interleaved
from tests.bench.processes import Loaded, Process, ceiling, load, role
from tests.bench.stage import Stage
from tests.bench.world import World, empty_stream, run

CONNECTIONS = 64
PRODUCT = "collector serve"
AIMS = {HANDLER: Aim(at_least=1.0), ROUTE: Aim(at_least=0.75)}
P99_AIM = Aim(at_most=4.0)


def measure(world: World) -> Sequence[Figure]:
    """Load the product and each ceiling in turn."""
    run(empty_stream(world.nats.url))
    with ExitStack() as stack:
        servers = started(world, stack, CEILINGS)
        samples = compared(servers, rounds=world.rounds, seconds=0.8 if world.is_quick else 3.0)
    return [*_rates(samples), *_latencies(samples), *_costs(samples)]


def started(world: World, stack: ExitStack, ceilings: Sequence[str]) -> dict[str, Process]:
    """Start the product and *ceilings*; only the one that is asked does anything."""
    product = role("serve", world.launcher, world.folder, NATS_URL=world.nats.url)
    servers = {name: stack.enter_context(ceiling(name, world.launcher, world.folder)) for name in ceilings}
    return {PRODUCT: stack.enter_context(product), **servers}


def compared(servers: dict[str, Process], *, rounds: int, seconds: float) -> dict[str, list[Loaded]]:
    """Load *servers* in turn, round by round; before the first, each is asked until its caches are warm."""
    contestants = {
        name: partial(load, server, "singles", connections=CONNECTIONS, seconds=seconds) for name, server in servers.items()
    }
    for server in servers.values():
        load(server, "singles", connections=CONNECTIONS, seconds=0.3)
    samples = interleaved(rounds, contestants)
    for name, loads in samples.items():
        refused = [each.result.answers for each in loads if each.result.total != each.result.successes]
        assert not refused, f"{name} refused requests: {refused}"
    return samples


def _rates(samples: dict[str, list[Loaded]]) -> list[Figure]:
    rates = {name: [each.result.rate for each in loads] for name, loads in samples.items()}
    product = rates.pop(PRODUCT)
    ours = [
        figure("durable single events", product, "req/s", beside=(name, ceilings), aim=AIMS.get(name))
        for name, ceilings in rates.items()
    ]
    return [*ours, *(figure(name, ceilings, "req/s") for name, ceilings in rates.items())]


def _latencies(samples: dict[str, list[Loaded]]) -> list[Figure]:
    p99 = {name: [each.result.p99 * 1e3 for each in loads] for name, loads in samples.items()}
    return [
        figure("durable single events, p50", [each.result.p50 * 1e3 for each in samples[PRODUCT]], "ms"),
        figure("durable single events, p99", p99[PRODUCT], "ms", beside=(HANDLER, p99[HANDLER]), aim=P99_AIM),
        figure(f"{HANDLER}, p99", p99[HANDLER], "ms"),
    ]


def _costs(samples: dict[str, list[Loaded]]) -> list[Figure]:
    costs = {name: [each.cpu_microseconds for each in loads] for name, loads in samples.items()}
    beside = (HANDLER, costs[HANDLER])
    return [figure(f"{name}, CPU", values, "µs/req", beside=beside) for name, values in costs.items()]


STAGE = Stage(
    name="ingest",
    says="Durable single events over HTTP (64 keep-alive connections, 250 bytes of JSON, an fsync before every answer).",
    measure=measure,
)
