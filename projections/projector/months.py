"""The partitions by month of the big tables: created when the first fact of a month comes, before its transaction begins."""

from collections.abc import Iterable, Sequence
from datetime import date
from typing import Any, TypeAlias

from sqlalchemy import Integer, Table, text
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from projections.projector.batch import facts_for
from projections.read_models.model import ReadModel, partition_name
from projections.stream.item import Sequenced
from projections.tenant_wall import wall

# Any number will do as long as everything that creates partitions uses the same.
_CREATING_PARTITIONS = 0x636F6C6C01

# A model, by its place in the list, and the first day of a month.
Month: TypeAlias = tuple[int, date]


class Months:
    """The months that are known to have a partition; short-lived, so that a partition that went away is asked for again."""

    def __init__(self, engine: AsyncEngine, models: Sequence[ReadModel]) -> None:
        self._engine = engine
        self._models = models
        self._known: set[Month] = set()

    async def prepare_for(self, facts: Sequence[Sequenced[Any]]) -> None:
        """Create every partition that the rows of *facts* need and Postgres does not have."""
        missing = self._months_of(facts) - self._known
        if missing:
            await create_partitions(
                self._engine,
                [(table, month) for number, month in sorted(missing) for table in self._models[number].tables],
            )
            self._known |= missing

    def _months_of(self, facts: Sequence[Sequenced[Any]]) -> set[Month]:
        return {
            (number, day.replace(day=1))
            for number, model in enumerate(self._models)
            if (day_of := model.day_of) is not None
            for day in {day_of(fact.event) for fact in facts_for(model, facts)}
        }


async def create_partitions(engine: AsyncEngine, months: Iterable[tuple[Table, date]]) -> None:
    """Create the partitions of *months* that do not exist, while readers and writers of the others go on."""
    async with engine.begin() as connection:
        # One at a time, or two projectors find the same partition missing; the lock ends with the transaction.
        await connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _CREATING_PARTITIONS})
        for table, month in months:
            await _create_partition(connection, table, month)


async def _create_partition(connection: AsyncConnection, table: Table, month: date) -> None:
    name = partition_name(table, month)
    if await connection.scalar(text("SELECT to_regclass(:name)"), {"name": name}) is not None:
        return
    after = date(month.year + month.month // 12, month.month % 12 + 1, 1)
    # CREATE TABLE ... PARTITION OF would wait for everybody who uses the table; attaching does not.
    await connection.execute(text(f"CREATE TABLE {name} (LIKE {table.name} INCLUDING ALL)"))
    # Asked by its own name, a month does not ask the table that it is a part of.
    if "tenant" in table.c:
        for statement in wall(name, table.name, in_numbers=isinstance(table.c.tenant.type, Integer)):
            await connection.execute(text(statement))
    # The session's time zone is UTC, so the same words bound days and moments.
    bounds = f"FOR VALUES FROM ('{month}') TO ('{after}')"
    await connection.execute(text(f"ALTER TABLE {table.name} ATTACH PARTITION {name} {bounds}"))
