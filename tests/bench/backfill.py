"""Backfill and disk: how fast the stream is replayed by `collector backfill`, and what an event takes in stream and tables."""

import re
import subprocess
import sys
from collections.abc import Sequence

import asyncpg
import nats

from tests.bench.facts import fill_stream
from tests.bench.figure import Aim, Figure, figure
from tests.bench.processes import ROOT, environment
from tests.bench.projector import EVENTS, VISITORS, project_all
from tests.bench.stage import Stage
from tests.bench.world import World, fresh_database, run
from tests.facts import STREAM

# Of two cores.
AIM = Aim(at_least=25_000.0)
SAID = re.compile(r"Computed ([\d,]+) events again in ([\d.]+) s")
# A table and its partitions, with their indexes and everything else that belongs to them.
SIZES = """
    SELECT root.relname, sum(pg_total_relation_size(part.relid))
    FROM pg_class AS root JOIN pg_partition_tree(root.oid) AS part ON true
    WHERE root.relkind IN ('r', 'p') AND NOT root.relispartition AND root.relnamespace = to_regnamespace('web_g1')
    GROUP BY root.relname ORDER BY 2 DESC
"""
# pg_partition_tree is empty for a table that has no partitions.
PLAIN_SIZES = """
    SELECT relname, pg_total_relation_size(oid) FROM pg_class
    WHERE relkind = 'r' AND NOT relispartition AND relnamespace = to_regnamespace('web_g1')
"""


def measure(world: World) -> Sequence[Figure]:
    """Project a stream once, look at the disk, and compute everything again."""
    count = world.of(EVENTS)
    run(fill_stream(world.nats.url, count, world.of(VISITORS)))
    return run(_measure(world, count))


async def _measure(world: World, count: int) -> list[Figure]:
    async with fresh_database(world.postgres) as database_url:
        await project_all(world.nats.url, database_url, count)
        sizes = await _sizes(world.nats.url, database_url)
        rates = [replay(world.nats.url, database_url) for _ in range(1 if world.is_quick else 3)]
    on_disk = [figure(f"on disk: {name}", [size / count], "bytes/event") for name, size in sizes.items() if size / count > 1]
    return [figure("collector backfill", rates, "events/s", aim=AIM), *on_disk]


def replay(nats_url: str, database_url: str) -> float:
    """Run the command as an operator would, and return the rate that it reports."""
    argv = [sys.executable, "-m", "collector.cli", "backfill"]
    where = environment(NATS_URL=nats_url, DATABASE_URL=database_url)
    printed = subprocess.run(argv, cwd=ROOT, env=where, capture_output=True, text=True, check=True)
    said = SAID.search(printed.stderr)
    assert said is not None, printed.stderr
    return int(said[1].replace(",", "")) / float(said[2])


async def _sizes(nats_url: str, database_url: str) -> dict[str, int]:
    connection = await nats.connect(nats_url)
    state = (await connection.jetstream().stream_info(STREAM)).state
    await connection.close()
    database = await asyncpg.connect(database_url)
    await database.execute("VACUUM")
    tables = {row[0]: int(row[1]) for query in (PLAIN_SIZES, SIZES) for row in await database.fetch(query)}
    await database.close()
    return {"stream": state.bytes, **{f"table {name}": size for name, size in tables.items()}}


STAGE = Stage(
    name="backfill",
    says=f"`collector backfill` over {EVENTS:,} events, start of the process excluded; bytes on disk, indexes included.",
    measure=measure,
)
