"""votes: one row for each vote on a turn, written once; narrow, for most answers about turns are made of them."""

from collections.abc import Iterable, Sequence
from typing import Any, TypeAlias

from sqlalchemy import BigInteger, Column, DateTime, Float, Index, Table, Text, Uuid, text
from sqlalchemy.ext.asyncio import AsyncConnection

from contracts.events.turns import VoteCast
from projections.database import copy_rows
from projections.read_models.model import ReadModel, erase_rows
from projections.schema import TURNS, words
from projections.stream.item import Sequenced

Row: TypeAlias = tuple[Any, ...]

# ``value`` is above zero for the turn, below zero against it, and null where nothing was said that is a number: such a vote may
# still have a comment. The columns stand in the order in which fold gives them.
TABLE = Table(
    "votes",
    TURNS,
    Column("tenant", Text, primary_key=True),
    Column("site", Text, primary_key=True),
    Column("occurred_at", DateTime(timezone=True), primary_key=True),
    Column("event_id", Uuid(as_uuid=False), primary_key=True),
    words("subject"),
    words("turn"),
    Column("value", Float, nullable=True),
    words("comment"),
    Column("duration_ms", BigInteger, nullable=True),
    words("key"),
    Index("votes_by_turn", "tenant", "site", "turn"),
    Index("votes_by_subject", "tenant", "site", "subject"),
    Index("votes_with_comment", "tenant", "site", "occurred_at", "event_id", postgresql_where=text("comment <> ''")),
)
COLUMNS = tuple(TABLE.columns.keys())


def fold(facts: Iterable[Sequenced[VoteCast]]) -> list[Row]:
    """Return the row of each vote, in the order of COLUMNS."""
    return [row_of(fact.event) for fact in facts]


def row_of(event: VoteCast) -> Row:
    """Return the row of one vote."""
    value = None if event.value is None else float(event.value)
    whose = (event.tenant, event.site, event.occurred_at, event.id, event.subject, event.turn)
    return (*whose, value, event.comment, event.duration_ms, event.key)


async def upsert(connection: AsyncConnection, facts: Sequence[Sequenced[VoteCast]]) -> None:
    """Write the rows of *facts*."""
    await copy_rows(connection, TABLE, COLUMNS, fold(facts))


async def erase_site(connection: AsyncConnection, tenant: str, site: str) -> int:
    """Delete every vote of *tenant*'s *site*, and return how many they were."""
    return await erase_rows(connection, TABLE, tenant, site)


MODEL = ReadModel(name="votes", tables=(TABLE,), facts=(VoteCast,), version=1, upsert=upsert, erase_site=erase_site)
