"""The partitions by month of the big tables: created when the first fact of a month comes, before its transaction begins."""

from collections.abc import Iterable, Sequence
from datetime import date
from typing import Any, TypeAlias

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from projections.read_models import READ_MODELS
from projections.read_models.model import partition_name
from projections.stream.item import Sequenced

# Any number will do as long as everything that creates partitions uses the same.
_CREATING_PARTITIONS = 0x636F6C6C01

# A read model, by its place in READ_MODELS, and the first day of a month.
Month: TypeAlias = tuple[int, date]


class Months:
    """The months that are known to have a partition; short-lived, so that a partition that went away is asked for again."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine
        self._known: set[Month] = set()

    async def prepare_for(self, facts: Sequence[Sequenced[Any]]) -> None:
        """Create every partition that the rows of *facts* need and Postgres does not have."""
        missing = months_of(facts) - self._known
        if missing:
            await create_partitions(self._engine, sorted(missing))
            self._known |= missing


def months_of(facts: Sequence[Sequenced[Any]]) -> set[Month]:
    """Return the months that the rows of *facts* are in."""
    return {
        (number, day.replace(day=1))
        for number, model in enumerate(READ_MODELS)
        for day in {model.day_of(fact.event) for fact in facts}
    }


async def create_partitions(engine: AsyncEngine, months: Iterable[Month]) -> None:
    """Create the partitions of *months* that do not exist, while readers and writers of the others go on."""
    async with engine.begin() as connection:
        # One at a time, or two projectors find the same partition missing; the lock ends with the transaction.
        await connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _CREATING_PARTITIONS})
        for number, month in months:
            await _create_partition(connection, number, month)


async def _create_partition(connection: AsyncConnection, number: int, month: date) -> None:
    table = READ_MODELS[number].table
    name = partition_name(table, month)
    if await connection.scalar(text("SELECT to_regclass(:name)"), {"name": name}) is not None:
        return
    after = date(month.year + month.month // 12, month.month % 12 + 1, 1)
    # CREATE TABLE ... PARTITION OF would wait for everybody who uses the table; attaching does not.
    await connection.execute(text(f"CREATE TABLE {name} (LIKE {table.name} INCLUDING ALL)"))
    # The session's time zone is UTC, so the same words bound days and moments.
    bounds = f"FOR VALUES FROM ('{month}') TO ('{after}')"
    await connection.execute(text(f"ALTER TABLE {table.name} ATTACH PARTITION {name} {bounds}"))
