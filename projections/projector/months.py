"""What a batch needs before its transaction begins: the big tables' months, and the days of the event ids."""

from collections.abc import Sequence
from datetime import date
from typing import Any

from sqlalchemy import Table
from sqlalchemy.ext.asyncio import AsyncEngine

from projections.projector.batch import facts_for
from projections.projector.days import days_of
from projections.projector.partitions import Partition, create_partitions
from projections.read_models.model import ReadModel, partition_name
from projections.stream.item import Sequenced


class Months:
    """The partitions that are known to exist; short-lived, so that one that went away is asked for again."""

    def __init__(self, engine: AsyncEngine, models: Sequence[ReadModel]) -> None:
        self._engine = engine
        self._models = models
        self._known: set[Partition] = set()

    async def prepare_for(self, facts: Sequence[Sequenced[Any]]) -> None:
        """Create every partition that the rows of *facts* need and Postgres does not have."""
        missing = self._needed(facts) - self._known
        if missing:
            # In one order, or two that make several at once would wait for each other.
            await create_partitions(self._engine, sorted(missing, key=lambda one: (one.name, one.first)))
            self._known |= missing

    def _needed(self, facts: Sequence[Sequenced[Any]]) -> set[Partition]:
        months = {
            month_of(table, day)
            for model in self._models
            if (day_of := model.day_of) is not None
            for day in {day_of(fact.event).replace(day=1) for fact in facts_for(model, facts)}
            for table in model.tables
        }
        return months | days_of(facts)


def month_of(table: Table, month: date) -> Partition:
    """Return the partition of *table* that holds the month that begins on *month*."""
    after = date(month.year + month.month // 12, month.month % 12 + 1, 1)
    return Partition(table, partition_name(table, month), month, after)
