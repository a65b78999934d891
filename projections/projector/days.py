"""The days of the event ids: a partition for each day of receipt, dropped as one when no fact can repeat its ids any more."""

from collections.abc import Iterable
from datetime import UTC, date, timedelta
from typing import Any

from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from contracts.events import Fact
from projections.database import sqlstate_of
from projections.projector.dedup import SEEN
from projections.projector.partitions import Partition, make_missing
from projections.stream.item import Sequenced

_ONE_DAY = timedelta(days=1)


def ids_of(day: date) -> Partition:
    """Return the partition that holds the ids of *day*."""
    return Partition(SEEN, f"{SEEN.name}_{day.year}_{day.month:02}_{day.day:02}", day, day + _ONE_DAY)


def days_of(facts: Iterable[Sequenced[Any]]) -> set[Partition]:
    """Return the partitions that the ids of *facts* are remembered in."""
    return {ids_of(day) for day in {_received_on(fact.event) for fact in facts}}


async def make_days_for(connection: AsyncConnection, facts: Iterable[Sequenced[Any]]) -> None:
    """Make the days of *facts* that are missing, inside the transaction of *connection*."""
    await make_missing(connection, sorted(days_of(facts), key=lambda one: one.first))


def _received_on(event: Fact) -> date:
    at = event.received_at
    return at.date() if at.tzinfo is UTC else at.astimezone(UTC).date()


_DAYS = text("""
    SELECT right(relname, 10) FROM pg_inherits JOIN pg_class ON pg_class.oid = inhrelid
    WHERE inhparent = to_regclass(:table) ORDER BY relname
""")
# A dump may be reading it: whoever waits for that holds up the projector.
_IN_A_MOMENT = text("SET LOCAL lock_timeout = '500ms'")
_IS_IN_USE = "55P03"


async def drop_days_before(engine: AsyncEngine, day: date) -> int:
    """Drop the ids of every day before *day*, and return how many days that were; what is in use goes another time."""
    async with engine.connect() as connection:
        held = [date.fromisoformat(name.replace("_", "-")) for name in await connection.scalars(_DAYS, {"table": SEEN.name})]
    old = [one for one in held if one < day]
    return sum([await _drop(engine, ids_of(one)) for one in old])


async def _drop(engine: AsyncEngine, partition: Partition) -> bool:
    try:
        async with engine.begin() as connection:
            await connection.execute(_IN_A_MOMENT)
            await connection.execute(text(f"DROP TABLE IF EXISTS {partition.name}"))
    except DBAPIError as error:
        if sqlstate_of(error) == _IS_IN_USE:
            return False
        raise
    return True
