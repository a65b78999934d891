"""Noise: what honest writers keep of their rate beside clients that repeat themselves, and while everything is sent again."""

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from functools import partial

from tests.bench.figure import Aim, Figure, figure, interleaved
from tests.bench.ingest import PRODUCT, started
from tests.bench.processes import Process, load
from tests.bench.stage import Stage
from tests.bench.world import World, empty_stream, run

HONEST = 300
REPEATERS = (1, 10, 60)
KEPT = Aim(at_least=0.9)


def measure(world: World) -> Sequence[Figure]:
    """Load the product with honest writers alone, and with the same beside each kind of noise, round by round."""
    run(empty_stream(world.nats.url))
    with ExitStack() as stack:
        product = started(world, stack, ())[PRODUCT]
        load(product, "everything", connections=HONEST, seconds=3.0)
        return _figures(compared(product, rounds=world.rounds, seconds=1.0 if world.is_quick else 3.0))


def compared(product: Process, *, rounds: int, seconds: float) -> dict[str, list[float]]:
    """Return what honest writers stored in a second, in each round: alone, and beside each kind of noise."""
    beside = partial(_beside, product, seconds)
    contestants: dict[str, Callable[[], float]] = {"alone": partial(_honest, product, seconds)}
    contestants |= {f"beside {n} that repeat one id": partial(beside, "repeats", n) for n in REPEATERS}
    contestants["beside 60 that send everything again"] = partial(beside, "everything", REPEATERS[-1])
    contestants["alone"]()
    return interleaved(rounds, contestants)


def _honest(product: Process, seconds: float) -> float:
    return load(product, "singles", connections=HONEST, seconds=seconds).result.rate


def _beside(product: Process, seconds: float, traffic: str, clients: int) -> float:
    with ThreadPoolExecutor(1) as thread:
        noise = thread.submit(load, product, traffic, connections=clients, seconds=seconds)
        rate = _honest(product, seconds)
        noise.result()
    return rate


def _figures(samples: dict[str, list[float]]) -> list[Figure]:
    alone = samples.pop("alone")
    beside = ("alone", alone)
    others = [figure(f"honest writers {name}", rates, "req/s", beside=beside, aim=KEPT) for name, rates in samples.items()]
    return [figure("honest writers alone", alone, "req/s"), *others]


STAGE = Stage(
    name="noise",
    says="What 300 honest writers keep of their rate beside clients that repeat themselves.",
    measure=measure,
)
