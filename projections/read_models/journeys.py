"""journeys: how far each subject has come on each journey, a value that two batches can join in any order."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, TypeAlias

from msgspec import Struct
from sqlalchemy import Column, Index, Integer, Table, Text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.ext.asyncio import AsyncConnection

from contracts.events.turns import JourneyStepCompleted
from projections.read_models.merged import Merged
from projections.read_models.model import ReadModel, erase_rows
from projections.schema import TURNS, moment
from projections.stream.item import Sequenced

Row: TypeAlias = tuple[Any, ...]

# A caller that makes up a step's name for each fact fills no row without end; the first by name are kept, in any order.
MOST_STEPS = 64


class Journey(Struct, frozen=True, kw_only=True, gc=False):
    """How far a subject came: the steps that they got through, how often any, and how often the last."""

    first_at: datetime
    last_at: datetime
    steps: tuple[str, ...]
    times: int
    finished: int


# The columns stand in the order in which row_of gives them.
TABLE = Table(
    "journeys",
    TURNS,
    Column("tenant", Text, primary_key=True),
    Column("site", Text, primary_key=True),
    Column("journey", Text, primary_key=True),
    Column("subject", Text, primary_key=True),
    moment("first_at"),
    moment("last_at"),
    Column("steps", ARRAY(Text), nullable=False),
    Column("times", Integer, nullable=False),
    Column("finished", Integer, nullable=False),
    Index("journeys_by_start", "tenant", "site", "first_at"),
    Index("journeys_by_subject", "tenant", "site", "subject"),
)


def journey_of(event: JourneyStepCompleted) -> Journey:
    """Return the journey of which nothing but *event* is known."""
    at = event.occurred_at
    steps = (event.step,) if event.step else ()
    return Journey(first_at=at, last_at=at, steps=steps, times=1, finished=int(event.is_last))


def join(one: Journey, other: Journey) -> Journey:
    """Return the journey that has the facts of both."""
    return Journey(
        first_at=min(one.first_at, other.first_at),
        last_at=max(one.last_at, other.last_at),
        steps=tuple(sorted({*one.steps, *other.steps})[:MOST_STEPS]),
        times=one.times + other.times,
        finished=one.finished + other.finished,
    )


async def upsert(connection: AsyncConnection, facts: Sequence[Sequenced[JourneyStepCompleted]]) -> None:
    """Join what *facts* say with what is known of their subjects' journeys; a step of none makes none."""
    events = [fact.event for fact in facts if fact.event.journey]
    await _MERGED.add(
        connection, (((event.tenant, event.site, event.journey, event.subject), journey_of(event)) for event in events)
    )


async def erase_site(connection: AsyncConnection, tenant: str, site: str) -> int:
    """Delete every journey of *tenant*'s *site*, and return how many they were."""
    return await erase_rows(connection, TABLE, tenant, site)


def row_of(value: Journey) -> Row:
    """Return the columns of *value* behind its key."""
    return (value.first_at, value.last_at, list(value.steps), value.times, value.finished)


def journey_in(row: Sequence[Any]) -> Journey:
    """Return what row_of was given."""
    first_at, last_at, steps, times, finished = row
    return Journey(first_at=first_at, last_at=last_at, steps=tuple(steps), times=times, finished=finished)


_MERGED = Merged(table=TABLE, join=join, row_of=row_of, value_in=journey_in)
MODEL = ReadModel(
    name="journeys", tables=(TABLE,), facts=(JourneyStepCompleted,), version=1, upsert=upsert, erase_site=erase_site
)
