"""turns: one row for each turn of a conversation with an AI, with how it went and what people thought of it."""

from collections.abc import Sequence
from typing import Any, TypeAlias, get_args

from sqlalchemy import Boolean, Column, Index, Integer, Table, Text, Uuid
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlalchemy.types import BigInteger

from projections.read_models import turn_hours
from projections.read_models.merged import Merged
from projections.read_models.model import ReadModel, erase_rows
from projections.read_models.turn import DESCRIBED, Begun, Settled, Turn, TurnFact, join, turn_of
from projections.schema import TURNS, moment, words
from projections.stream.item import Sequenced

Row: TypeAlias = tuple[Any, ...]

# The columns stand in the order in which row_of gives them. A turn that has no id of its own goes by its fact's. What is said
# of it (DESCRIBED) is there as the two facts say it, for the next merge, and once in words, for whoever asks.
TABLE = Table(
    "turns",
    TURNS,
    Column("tenant", Text, primary_key=True),
    Column("site", Text, primary_key=True),
    Column("turn", Text, primary_key=True),
    moment("opened_at"),
    moment("begun_at", nullable=True),
    Column("begun_id", Uuid(as_uuid=False), nullable=True),
    Column("begun_words", ARRAY(Text), nullable=True),
    moment("settled_at", nullable=True),
    Column("settled_id", Uuid(as_uuid=False), nullable=True),
    Column("answered", Boolean, nullable=True),
    words("error"),
    Column("settled_words", ARRAY(Text), nullable=True),
    Column("duration_ms", BigInteger, nullable=True),
    Column("ups", Integer, nullable=False),
    Column("downs", Integer, nullable=False),
    Column("votes", Integer, nullable=False),
    Column("comments", Integer, nullable=False),
    *(words(name) for name in DESCRIBED),
    Index("turns_by_end", "tenant", "site", "settled_at"),
    Index("turns_by_subject", "tenant", "site", "subject"),
)


async def upsert(connection: AsyncConnection, facts: Sequence[Sequenced[TurnFact]]) -> None:
    """Join what *facts* say with what is known of their turns, and have what is counted of these follow."""
    moved = await _MERGED.add(connection, ((key_of(fact.event), turn_of(fact.event)) for fact in facts))
    await turn_hours.follow(connection, moved)


async def erase_site(connection: AsyncConnection, tenant: str, site: str) -> int:
    """Delete every turn of *tenant*'s *site* and what is counted of them, and return how many rows they were."""
    return sum([await erase_rows(connection, table, tenant, site) for table in MODEL.tables])


def key_of(event: TurnFact) -> tuple[str, str, str]:
    """Return which turn *event* is of."""
    return (event.tenant, event.site, event.turn or event.id)


def row_of(turn: Turn) -> Row:
    """Return the columns of *turn* behind its key."""
    begun, settled = turn.begun, turn.settled
    return (
        turn.opened_at,
        *((begun.at, begun.id, list(begun.words)) if begun else _NO_BEGINNING),
        *(_settled(settled) if settled else _NO_END),
        turn.ups,
        turn.downs,
        turn.votes,
        turn.comments,
        *turn.words,
    )


def turn_in(row: Sequence[Any]) -> Turn:
    """Return what row_of was given."""
    opened_at, begun_at, begun_id, begun_words, settled_at, settled_id, answered, error, settled_words, duration = row[:10]
    ups, downs, votes, comments = row[10:14]
    end = (settled_at, str(settled_id), answered, error, tuple(settled_words or ()), duration)
    return Turn(
        opened_at=opened_at,
        begun=Begun(begun_at, str(begun_id), tuple(begun_words)) if begun_at else None,
        settled=Settled(*end) if settled_at else None,
        ups=ups,
        downs=downs,
        votes=votes,
        comments=comments,
    )


def _settled(end: Settled) -> Row:
    return (end.at, end.id, end.answered, end.error, list(end.words), end.duration_ms)


_NO_BEGINNING = (None, None, None)
_NO_END = (None, None, None, "", None, None)
_MERGED = Merged(table=TABLE, join=join, row_of=row_of, value_in=turn_in)
MODEL = ReadModel(
    name="turns",
    tables=(TABLE, *turn_hours.TABLES),
    facts=get_args(TurnFact),
    version=1,
    upsert=upsert,
    erase_site=erase_site,
)
