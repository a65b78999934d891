"""Reads: how long each read endpoint takes over a million facts of its family."""

import http.client
import itertools
import time
from collections.abc import Callable, Iterator, Sequence

from msgspec import Struct

from contracts.events import Fact
from projections.projections import LOGS, PRODUCT, TURNS
from projections.projector.projection import Projection
from tests.bench import app_facts, turn_facts
from tests.bench.figure import Aim, Figure, figure
from tests.bench.processes import role
from tests.bench.stage import Stage
from tests.bench.world import World, fresh_database, run
from tests.projections.world import Teller, connect_to_tables

FACTS = 1_000_000
AT_ONCE = 5000
PATIENCE = 60.0
AIM = Aim(at_most=300.0)
# Nodash's addresses want to be told; the others do not mind.
ASKING = {"x-tenant-id": "main"}


class Read(Struct, frozen=True, kw_only=True):
    """A family's facts, of which ``facts`` yields as many as it is told, and the ``addresses`` that answer from them."""

    projection: Projection
    facts: Callable[[int], Iterator[Fact]]
    addresses: tuple[str, ...]


READS: tuple[Read, ...] = (
    Read(projection=TURNS, facts=turn_facts.facts, addresses=turn_facts.ADDRESSES),
    Read(projection=PRODUCT, facts=app_facts.actions, addresses=app_facts.ACTION_ADDRESSES),
    Read(projection=LOGS, facts=app_facts.lines, addresses=app_facts.LOG_ADDRESSES),
)


def measure(world: World) -> Sequence[Figure]:
    """Ask each family's addresses in turn, one family in the database at a time."""
    return [one for read in READS for one in run(asked(world, read, world.of(FACTS)))]


async def asked(world: World, read: Read, count: int) -> list[Figure]:
    """Write what *count* facts become, and ask every address of *read* several times."""
    async with fresh_database(world.postgres) as database_url:
        await write(database_url, read, count)
        with role("query", world.launcher, world.folder, DATABASE_URL=database_url) as process:
            waits = {address: [ask(process.port, address) for _ in range(world.rounds)] for address in read.addresses}
    return [figure(f"{read.projection.name}: {address}", each, "ms", aim=AIM) for address, each in waits.items()]


async def write(database_url: str, read: Read, count: int) -> None:
    """Fold *count* facts of *read* into its tables as the projector does, in its batches but without a stream.

    The tables are vacuumed behind it, which Postgres does by itself wherever it stands longer than a benchmark.
    """
    teller, everything = Teller(database_url, read.projection), read.facts(count)
    while some := list(itertools.islice(everything, AT_ONCE)):
        await teller.tell(*some)
    await teller.close()
    connection = await connect_to_tables(database_url, read.projection.name)
    await connection.execute("VACUUM (ANALYZE)")
    await connection.close()


def ask(port: int, address: str) -> float:
    """Return how many milliseconds *address* took to answer, whole."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=PATIENCE)
    connection.connect()
    began = time.perf_counter()
    connection.request("GET", address, headers=ASKING)
    answer = connection.getresponse()
    body = answer.read()
    took = (time.perf_counter() - began) * 1e3
    connection.close()
    assert answer.status == 200, f"{address} was answered with {answer.status}: {body[:200]!r}"
    return took


STAGE = Stage(
    name="reads",
    says=f"read endpoints over {FACTS:,} facts of their family, asked one after the other over HTTP.",
    measure=measure,
)
