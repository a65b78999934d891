"""The partitions of the big tables: made one at a time, beside everybody who uses the others, and before they are needed."""

from collections.abc import Iterable
from datetime import date
from typing import NamedTuple

from sqlalchemy import Integer, Table, text
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from projections.tenant_wall import closed, wall

# Any number will do as long as everything that creates partitions uses the same.
_CREATING_PARTITIONS = 0x636F6C6C01


class Partition(NamedTuple):
    """The part of *table* that holds the days from *first* to the one before *after*."""

    table: Table
    name: str
    first: date
    after: date


async def create_partitions(engine: AsyncEngine, partitions: Iterable[Partition]) -> None:
    """Create those of *partitions* that do not exist, while readers and writers of the others go on."""
    async with engine.begin() as connection:
        await make_missing(connection, partitions)


async def make_missing(connection: AsyncConnection, partitions: Iterable[Partition]) -> None:
    """Create those of *partitions* that do not exist inside the transaction of *connection*."""
    missing = [partition for partition in partitions if not await _exists(connection, partition)]
    if missing:
        # One at a time, or two projectors find the same partition missing; the lock ends with the transaction.
        await connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _CREATING_PARTITIONS})
    for partition in missing:
        if not await _exists(connection, partition):
            await _create(connection, partition)


# Asked of the table of tables: by its name alone, what was not there before the wait for the lock may be remembered as absent.
_IS_THERE = text("""
    SELECT EXISTS (SELECT FROM pg_class WHERE relname = :name AND relnamespace = CAST(current_schema() AS regnamespace))
""")


async def _exists(connection: AsyncConnection, partition: Partition) -> bool:
    return bool(await connection.scalar(_IS_THERE, {"name": partition.name}))


async def _create(connection: AsyncConnection, partition: Partition) -> None:
    table, name = partition.table, partition.name
    # CREATE TABLE ... PARTITION OF would wait for everybody who uses the table; attaching does not.
    await connection.execute(text(f"CREATE TABLE {name} (LIKE {table.name} INCLUDING ALL)"))
    # Asked by its own name, a partition does not ask the table that it is a part of.
    for statement in _walled(table, name):
        await connection.execute(text(statement))
    # The session's time zone is UTC, so the same words bound days and moments.
    bounds = f"FOR VALUES FROM ('{partition.first}') TO ('{partition.after}')"
    await connection.execute(text(f"ALTER TABLE {table.name} ATTACH PARTITION {name} {bounds}"))


def _walled(table: Table, name: str) -> tuple[str, ...]:
    if "tenant" not in table.c:
        return closed(name)
    return wall(name, table.name, in_numbers=isinstance(table.c.tenant.type, Integer))
