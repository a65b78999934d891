"""Bytes of a fact: what the product keeps of it in Postgres, the facts and what is computed of them apart, beside Umami's."""

from collections.abc import Mapping, Sequence

import asyncpg

from projections.projections import WEB
from projections.read_models.rollups.tables import OF_A_SITE
from tests.bench.answers.umami_schema import SCHEMA, TABLES
from tests.bench.figure import Aim, Figure, figure
from tests.projections.world import connect_to_tables

# Whatever else is in a generation's schema belongs to facts, visits and ids.
ROLLUPS = frozenset(table.name for table in OF_A_SITE)
FACTS_AIM, ROLLUPS_AIM = Aim(at_most=260.0), Aim(at_most=60.0)
# A table or its partitions, with indexes and everything else that belongs to them.
_SIZES = """
    SELECT root.relname, sum(pg_total_relation_size(coalesce(part.relid, root.oid)))::bigint
    FROM pg_class AS root LEFT JOIN pg_partition_tree(root.oid) AS part ON true
    WHERE root.relkind IN ('r', 'p') AND NOT root.relispartition AND root.relnamespace = $1::text::regnamespace
    GROUP BY root.relname ORDER BY 2 DESC
"""


async def sizes(database_url: str) -> list[Figure]:
    """Return how many bytes each table takes of a fact, and what they are together."""
    tables = await connect_to_tables(database_url, WEB.name)
    facts = await tables.fetchval("SELECT sum(applied) FROM positions")
    ours = await _sizes(tables, await tables.fetchval("SELECT current_schema()"))
    theirs = await _sizes(tables, SCHEMA)
    events = await tables.fetchval(f"SELECT count(*) FROM {SCHEMA}.{TABLES[-1]}")
    await tables.close()
    derived = {name: size for name, size in ours.items() if name in ROLLUPS}
    kept = {name: size for name, size in ours.items() if name not in ROLLUPS}
    return [
        figure("facts, visits and ids", [_total(kept) / facts], "bytes/fact", aim=FACTS_AIM),
        figure("rollups", [_total(derived) / facts], "bytes/fact", aim=ROLLUPS_AIM),
        figure("Umami's sessions and events", [_total(theirs) / events], "bytes/event"),
        *_each(ours, facts, "bytes/fact"),
        *_each(theirs, events, "bytes/event"),
    ]


async def _sizes(connection: asyncpg.Connection, schema: str) -> dict[str, int]:
    return {row[0]: row[1] for row in await connection.fetch(_SIZES, schema)}


def _total(of: Mapping[str, int]) -> int:
    return sum(of.values())


def _each(of: Mapping[str, int], facts: int, unit: str) -> Sequence[Figure]:
    return [figure(f"table {name}", [size / facts], unit) for name, size in of.items() if size / facts >= 1]
