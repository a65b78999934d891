"""turn_subjects: what there is of each subject on each day and in each month, so that people need not be counted in facts."""

from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime
from enum import IntEnum

from sqlalchemy import Column, Date, Integer, Numeric, SmallInteger, Table, Text
from sqlalchemy.ext.asyncio import AsyncConnection

from contracts.events import turns
from contracts.events.turns import TurnCompleted, TurnEvent, TurnFailed, VoteCast
from projections.read_models.added import Added, Key, Sums
from projections.read_models.model import ReadModel, erase_rows
from projections.schema import TURNS, moment
from projections.stream.item import Sequenced


class Span(IntEnum):
    """How long a time a row is about, from ``day`` on."""

    DAY = 1
    MONTH = 2


# Each fact is in the row of its day and in that of its month. Votes are those with a value; times are of answers.
TABLE = Table(
    "turn_subjects",
    TURNS,
    Column("tenant", Text, primary_key=True),
    Column("site", Text, primary_key=True),
    Column("span", SmallInteger, primary_key=True),
    Column("day", Date, primary_key=True),
    Column("subject", Text, primary_key=True),
    Column("facts", Integer, nullable=False),
    Column("turns", Integer, nullable=False),
    Column("answered", Integer, nullable=False),
    Column("timed", Integer, nullable=False),
    Column("total_ms", Numeric, nullable=False),
    Column("votes", Integer, nullable=False),
    Column("ups", Integer, nullable=False),
    moment("voted_at", nullable=True),
)


async def upsert(connection: AsyncConnection, facts: Sequence[Sequenced[TurnEvent]]) -> None:
    """Add *facts* to what was counted before."""
    await _ADDED.add(connection, (row for fact in facts for row in rows_of(fact.event)))


async def erase_site(connection: AsyncConnection, tenant: str, site: str) -> int:
    """Delete every row of *tenant*'s *site*, and return how many they were."""
    return await erase_rows(connection, TABLE, tenant, site)


def rows_of(event: TurnEvent) -> Iterator[tuple[Key, Sums]]:
    """Yield what *event* adds to its day and to its month."""
    day, sums = event.occurred_at.astimezone(UTC).date(), sums_of(event)
    for span, first in ((Span.DAY, day), (Span.MONTH, month_of(day))):
        yield (event.tenant, event.site, int(span), first, event.subject), sums


def month_of(day: date) -> date:
    """Return the first day of the month of *day*."""
    return day.replace(day=1)


def sums_of(event: TurnEvent) -> Sums:
    """Return what *event* adds, in the order of the columns behind the key."""
    match event:
        case TurnCompleted(duration_ms=None):
            return (1, 1, 1, 0, 0, *_NO_VOTE)
        case TurnCompleted(duration_ms=duration):
            return (1, 1, 1, 1, duration, *_NO_VOTE)
        case TurnFailed():
            return (1, 1, 0, 0, 0, *_NO_VOTE)
        case VoteCast(value=value, occurred_at=at) if value is not None:
            return (1, 0, 0, 0, 0, 1, int(value > 0), at)
        case _:
            return (1, 0, 0, 0, 0, *_NO_VOTE)


_NO_VOTE: tuple[int, int, datetime | None] = (0, 0, None)
_ADDED = Added(table=TABLE, latest=frozenset({"voted_at"}))
MODEL = ReadModel(name="turn_subjects", tables=(TABLE,), facts=turns.FACTS, version=1, upsert=upsert, erase_site=erase_site)
