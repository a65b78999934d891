"""Packing: the indexes of the big tables, made anew where rows of many sites by turns have left them half empty.

Every site's rows come at the end of that site's part of an index, which is the middle of the index: Postgres splits a full page
there in two halves, and nothing comes that would fill the first one. A month under way is packed each time it has grown by a
part, so that all of it costs no more than a few times the last. Readers and writers go on meanwhile, and nothing changes an
answer.
"""

from collections.abc import Sequence
from typing import Any, Final

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from projections.database import PROJECTING, open_engine

# It waits for everybody who uses the table, and takes as long as it takes.
SESSION: Final = {**PROJECTING, "application_name": "collector pack", "statement_timeout": "0"}

# Any number will do as long as everything that packs uses the same: two would do the same work.
_PACKING: Final = 0x636F6C6C04
_IS_MINE = text(f"SELECT pg_try_advisory_lock({_PACKING})")
# Of one that was killed in the middle, which nobody reads.
_LEFTOVERS = text("""
    SELECT format('%I.%I', nspname, relname) FROM pg_index
    JOIN pg_class ON pg_class.oid = indexrelid JOIN pg_namespace ON pg_namespace.oid = relnamespace
    WHERE nspname = current_schema() AND NOT indisvalid AND relname ~ '_cc(new|old)[0-9]*$'
""")
_INDEXES = text("""
    SELECT format('%I.%I', nspname, entry.relname) AS name, entry.reltuples AS entries, pg_relation_size(entry.oid) AS bytes,
        array_agg(one.attlen ORDER BY one.attnum) AS lengths,
        array_agg(CAST(one.attalign AS text) ORDER BY one.attnum) AS alignments,
        bool_or(NOT base.attnotnull) AS has_nulls
    FROM pg_index
    JOIN pg_class AS entry ON entry.oid = indexrelid
    JOIN pg_class AS month ON month.oid = indrelid
    JOIN pg_namespace ON pg_namespace.oid = month.relnamespace
    JOIN pg_attribute AS one ON one.attrelid = entry.oid
    JOIN pg_attribute AS base ON base.attrelid = month.oid AND base.attnum = indkey[one.attnum - 1]
    WHERE nspname = current_schema() AND month.relispartition AND indisvalid AND entry.reltuples > 0
    AND pg_relation_size(entry.oid) > :least
    GROUP BY nspname, entry.oid, entry.relname, entry.reltuples ORDER BY entry.relname
""")
# Of what it would take. A month under way is then packed each time it has grown by a third.
_LOOSE: Final = 1.25
_ALIGNED: Final = {"c": 1, "s": 2, "i": 4, "d": 8}
# A header, and where the entry stands on its page; a bit for each column where some are null. A tenth of a page stays free.
_HEADER, _PLACE, _NULLS, _WORD, _FILLED = 8, 4, 8, 8, 0.9
# A small index has pages for other reasons.
LEAST_BYTES: Final = 1 << 20


async def pack(database_url: str, schema: str, *, least: int = LEAST_BYTES) -> list[str]:
    """Make anew the loose indexes of *schema*'s months that take *least* bytes, and return their names.

    One at a time, beside everybody; where somebody else is at it there is nothing to do.
    """
    engine = open_engine(database_url, SESSION, schema=schema, pool_size=1, isolation_level="AUTOCOMMIT")
    try:
        return await _pack(engine, least)
    finally:
        await engine.dispose()


def entry_bytes(lengths: Sequence[int], alignments: Sequence[str], *, has_nulls: bool) -> int:
    """Return what an entry of columns of such *lengths* takes at the most, in bytes; 0 where they differ from row to row."""
    if min(lengths) < 0:
        return 0
    end = 0
    for length, alignment in zip(lengths, alignments, strict=True):
        end = _up_to(end, _ALIGNED[alignment]) + length
    return _up_to(_HEADER + (_NULLS if has_nulls else 0) + end, _WORD) + _PLACE


def _up_to(number: int, step: int) -> int:
    return -(-number // step) * step


def _is_loose(index: Any) -> bool:
    packed = index.entries * entry_bytes(index.lengths, index.alignments, has_nulls=index.has_nulls) / _FILLED
    return bool(packed and index.bytes > _LOOSE * packed)


async def _pack(engine: AsyncEngine, least: int) -> list[str]:
    async with engine.connect() as connection:
        # Given back with the session, which ends with the engine, in whatever state that is.
        if not await connection.scalar(_IS_MINE):
            return []
        for name in (await connection.scalars(_LEFTOVERS)).all():
            await connection.execute(text(f"DROP INDEX CONCURRENTLY IF EXISTS {name}"))
        loose = [row.name for row in await connection.execute(_INDEXES, {"least": least}) if _is_loose(row)]
        for name in loose:
            await connection.execute(text(f"REINDEX INDEX CONCURRENTLY {name}"))
    return loose
