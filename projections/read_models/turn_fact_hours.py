"""turn_fact_hours: how many facts of turns there are of each kind in each hour, so that counting needs no look at them."""

from bisect import bisect_right
from collections.abc import Sequence

from sqlalchemy import BigInteger, Column, DateTime, Numeric, SmallInteger, Table, Text
from sqlalchemy.ext.asyncio import AsyncConnection

from contracts.events import turns
from contracts.events.turns import (
    ConversationActionRecorded,
    ConversationEnded,
    JourneyStepCompleted,
    TurnCompleted,
    TurnEvent,
    TurnFailed,
)
from projections.read_models.added import MOST_CHARS, Added, Key, Sums, hour_of
from projections.read_models.model import ReadModel, erase_rows
from projections.read_models.turn_facts import KIND_OF
from projections.schema import TURNS
from projections.stream.item import Sequenced

# Upper bounds of how long an answer took, in milliseconds; ``took`` is the place among them, behind all for the slowest.
TOOK = (100, 500, 1000, 2000, 5000)
UNTIMED = -1

# ``name`` is an action's, a failure's class or the journey of a step; times are of answers, sizes of conversations that ended.
TABLE = Table(
    "turn_fact_hours",
    TURNS,
    Column("tenant", Text, primary_key=True),
    Column("site", Text, primary_key=True),
    Column("hour", DateTime(timezone=True), primary_key=True),
    Column("kind", SmallInteger, primary_key=True),
    Column("name", Text, primary_key=True),
    Column("took", SmallInteger, primary_key=True),
    Column("facts", BigInteger, nullable=False),
    Column("timed", BigInteger, nullable=False),
    Column("total_ms", Numeric, nullable=False),
    Column("sized", BigInteger, nullable=False),
    Column("total_size", Numeric, nullable=False),
    Column("finished", BigInteger, nullable=False),
)


async def upsert(connection: AsyncConnection, facts: Sequence[Sequenced[TurnEvent]]) -> None:
    """Add *facts* to what was counted before."""
    await _ADDED.add(connection, ((key_of(fact.event), sums_of(fact.event)) for fact in facts))


async def erase_site(connection: AsyncConnection, tenant: str, site: str) -> int:
    """Delete every count of *tenant*'s *site*, and return how many they were."""
    return await erase_rows(connection, TABLE, tenant, site)


def key_of(event: TurnEvent) -> Key:
    """Return what *event* is counted by."""
    return (event.tenant, event.site, hour_of(event.occurred_at), int(KIND_OF[type(event)]), _name(event), _took(event))


def sums_of(event: TurnEvent) -> Sums:
    """Return what *event* adds: a fact, its time, the size of its conversation, and whether its journey ended."""
    timed = event.duration_ms if isinstance(event, TurnCompleted) else None
    sized = event.messages if isinstance(event, ConversationEnded) and event.conversation else None
    finished = isinstance(event, JourneyStepCompleted) and event.is_last
    return (1, *_counted(timed), *_counted(sized), int(finished))


def _counted(number: int | None) -> tuple[int, int]:
    return (0, 0) if number is None else (1, number)


def _took(event: TurnEvent) -> int:
    if not isinstance(event, TurnCompleted) or event.duration_ms is None:
        return UNTIMED
    return bisect_right(TOOK, event.duration_ms)


def _name(event: TurnEvent) -> str:
    match event:
        case ConversationActionRecorded(name=name):
            return name
        case TurnFailed(error=error):
            return error[:MOST_CHARS]
        case JourneyStepCompleted(journey=journey, props=props) if journey:
            called = props.get("journey_name")
            return (called if isinstance(called, str) else journey)[:MOST_CHARS]
        case _:
            return ""


_ADDED = Added(table=TABLE)
MODEL = ReadModel(name="turn_fact_hours", tables=(TABLE,), facts=turns.FACTS, version=1, upsert=upsert, erase_site=erase_site)
