"""levels: until when each partition of a generation is known to have dealt with everything that was received.

A position says what was read last, and not whether anything has come since: on a quiet day both look the same.
"""

from datetime import datetime

from sqlalchemy import Column, Integer, Table
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from projections.generations import Generation
from projections.schema import SHARED, moment

# By the generation's id, which is never used again; its name may be.
LEVELS = Table(
    "levels",
    SHARED,
    Column("generation", Integer, primary_key=True, autoincrement=False),
    Column("partition", Integer, primary_key=True, autoincrement=False),
    moment("level_at"),
)
TABLES = (LEVELS,)


async def note_level(connection: AsyncConnection, generation: Generation, partition: int, at: datetime) -> None:
    """Note that nothing waited for *partition* of *generation* *at* that moment."""
    row = insert(LEVELS).values(generation=generation.id, partition=partition, level_at=at)
    keys = [column.name for column in LEVELS.primary_key]
    await connection.execute(row.on_conflict_do_update(index_elements=keys, set_={"level_at": row.excluded.level_at}))
