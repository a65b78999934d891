"""The days of the event ids: a partition for each day of receipt, dropped as one when no fact can repeat its ids any more."""

from datetime import date, timedelta

from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncEngine

from projections.database import sqlstate_of
from projections.projector.dedup import SEEN
from projections.projector.partitions import Partition

_ONE_DAY = timedelta(days=1)


def ids_of(day: date) -> Partition:
    """Return the partition that holds the ids of *day*."""
    return Partition(SEEN, f"{SEEN.name}_{day.year}_{day.month:02}_{day.day:02}", day, day + _ONE_DAY)


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
