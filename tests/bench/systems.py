"""Systems: what clients of bilan, Change66 and Flowcore send, beside native batches and the claims of their own servers."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path

from msgspec import Struct

from collector.local.master_key import settle_master_key
from collector.stream.connection import ask, connect, disconnect
from contracts.control import keys
from contracts.keys import digest_of
from contracts.streams import FAMILIES, streams_of
from tests.bench.figure import Aim, Figure, figure, interleaved
from tests.bench.limits import NONE
from tests.bench.processes import Loaded, Process, load, role
from tests.bench.stage import Stage
from tests.bench.traffic import SITE
from tests.bench.traffic_systems import KEY, LARGEST_BATCH, SDK_BATCH
from tests.bench.world import World, empty_stream, no_streams, run
from tests.collector.control.telling import Pen

TENANT = "main"
OF_NATIVE = Aim(at_least=0.7)
# Stored, or to be sent again: a busy machine has some wait too long.
ANSWERS = {"200", "201", "204", "503"}


class Contestant(Struct, frozen=True, kw_only=True):
    """So many events in each request, from so many connections, and the stream that they end in."""

    name: str
    traffic: str
    family: str
    connections: int
    events: int = 1


NATIVE = Contestant(
    name="native, 1,000 a request", traffic="largest_batches", family="web", connections=2, events=LARGEST_BATCH
)
SMALL_NATIVE = Contestant(name="native, 10 a request", traffic="small_batches", family="web", connections=64, events=SDK_BATCH)
LOGS = Contestant(name="log lines, 1,000 a request", traffic="log_batches", family="logs", connections=2, events=LARGEST_BATCH)
TURNS = Contestant(
    name="bilan, 1,000 a request", traffic="largest_bilan_batches", family="turns", connections=2, events=LARGEST_BATCH
)
SMALL_TURNS = Contestant(name="bilan, 10 a request", traffic="bilan_batches", family="turns", connections=64, events=SDK_BATCH)
BILAN = Contestant(name="bilan, single", traffic="bilan_singles", family="turns", connections=8)
FLOWCORE = Contestant(name="Flowcore, single", traffic="flowcore_singles", family="web", connections=64)
CONTESTANTS = (NATIVE, LOGS, TURNS, SMALL_NATIVE, SMALL_TURNS, BILAN, FLOWCORE)
BESIDE = {LOGS: NATIVE, TURNS: NATIVE, SMALL_TURNS: SMALL_NATIVE}


def measure(world: World) -> Sequence[Figure]:
    """Load the product with each of them in turn, and see to it that what was answered for is stored."""
    with served(world) as process:
        samples = compared(process, CONTESTANTS, rounds=world.rounds, seconds=2.0 if world.is_quick else 3.0)
        run(_refuse_unstored(world.nats.url, samples))
    run(no_streams(world.nats.url))
    return [*_batches(samples), *_singles(samples)]


@contextmanager
def served(world: World) -> Iterator[Process]:
    """Run the product with one site and its key, on empty streams, and without limits."""
    key_file = world.folder / "systems" / "master.key"
    run(_decided(world.nats.url, key_file))
    settings = NONE | {"NATS_URL": world.nats.url, "MASTER_KEY_FILE": str(key_file)}
    with role("serve", world.launcher, world.folder, **settings) as process:
        yield process


def compared(
    process: Process, contestants: Sequence[Contestant], *, rounds: int, seconds: float
) -> dict[Contestant, list[Loaded]]:
    """Load *process* with each of *contestants* in turn; what was not stored is in no rate."""
    loads = {
        each.name: partial(load, process, each.traffic, connections=each.connections, seconds=seconds) for each in contestants
    }
    for each in contestants:
        load(process, each.traffic, connections=each.connections, seconds=0.3)
    samples = interleaved(rounds, loads)
    for name, loaded in samples.items():
        refused = [each.result.answers for each in loaded if not each.result.answers.keys() <= ANSWERS]
        assert not refused, f"{name} was refused: {refused}"
    return {each: samples[each.name] for each in contestants}


def rates(contestant: Contestant, samples: Mapping[Contestant, Sequence[Loaded]]) -> list[float]:
    """Return the events of a second, in each round."""
    return [each.result.rate * contestant.events for each in samples[contestant]]


def costs(contestant: Contestant, samples: Mapping[Contestant, Sequence[Loaded]]) -> list[float]:
    """Return the processor time of an answered event, in each round."""
    return [each.cpu_microseconds / contestant.events for each in samples[contestant]]


def _batches(samples: Mapping[Contestant, Sequence[Loaded]]) -> Iterator[Figure]:
    for each, native in BESIDE.items():
        yield figure(each.name, rates(each, samples), "events/s", beside=(native.name, rates(native, samples)), aim=OF_NATIVE)
        yield figure(f"{each.name}, CPU", costs(each, samples), "µs/event", beside=(native.name, costs(native, samples)))
    for native in (NATIVE, SMALL_NATIVE):
        yield figure(native.name, rates(native, samples), "events/s")


def _singles(samples: Mapping[Contestant, Sequence[Loaded]]) -> list[Figure]:
    """Return single requests beside the claims of bilan's and of Flowcore's documents."""
    p99 = [each.result.p99 * 1e3 for each in samples[BILAN]]
    p95 = [each.result.p95 * 1e3 for each in samples[FLOWCORE]]
    return [
        figure("bilan, single, 8 connections", rates(BILAN, samples), "req/s", aim=Aim(at_least=1000)),
        figure("bilan, single, 8 connections, p99", p99, "ms", aim=Aim(at_most=10)),
        figure("Flowcore, single, 64 connections", rates(FLOWCORE, samples), "events/s", aim=Aim(at_least=2000)),
        figure("Flowcore, single, 64 connections, p95", p95, "ms", aim=Aim(at_most=150)),
        figure("bilan, single, CPU", costs(BILAN, samples), "µs/req"),
        figure("Flowcore, single, CPU", costs(FLOWCORE, samples), "µs/req"),
    ]


async def _decided(nats_url: str, key_file: Path) -> None:
    """Have one site and its key, a master key for the tenant's secret, and no facts."""
    await no_streams(nats_url)
    await empty_stream(nats_url)
    client = await connect(nats_url, on_loss=lambda: None)
    pen = Pen(client)
    await pen.make()
    issued = pen.event(
        keys.KeyIssued,
        keys.key_id(KEY.split("_")[1]),
        tenant=TENANT,
        site=SITE,
        kind=keys.KeyKind.SECRET,
        scopes=(keys.Scope.INGEST,),
        digest=digest_of(KEY),
    )
    await pen.write([*pen.tenant(TENANT), *pen.site(TENANT, SITE), issued])
    await settle_master_key(client, key_file, replicas=1)
    await disconnect(client)


async def _refuse_unstored(nats_url: str, samples: Mapping[Contestant, Sequence[Loaded]]) -> None:
    """Raise AssertionError where less is stored than was answered for: bilan's answer is 200 for what it skips, too."""
    answered: Counter[str] = Counter()
    for contestant, loaded in samples.items():
        answered[contestant.family] += sum(each.result.successes for each in loaded) * contestant.events
    client = await connect(nats_url, on_loss=lambda: None)
    for name, events in answered.items():
        stored = 0
        for stream in streams_of([family for family in FAMILIES if family.name == name]):
            stored += (await ask(client, f"STREAM.INFO.{stream.name}")).state.messages
        assert stored >= events, f"{events:,} events of {name} were answered for, and {stored:,} are stored"
    await disconnect(client)


STAGE = Stage(
    name="systems",
    says="What clients of bilan, Change66 and Flowcore send, beside native batches and the claims of their own servers.",
    measure=measure,
)
