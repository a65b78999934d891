"""conversations: one row for each conversation with an AI, a value that two batches can join in any order."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, TypeAlias

from msgspec import Struct
from sqlalchemy import BigInteger, Column, Index, Integer, Table, Text, Uuid
from sqlalchemy.ext.asyncio import AsyncConnection

from contracts.events import turns
from contracts.events.turns import ConversationEnded, ConversationStarted, TurnCompleted, TurnEvent, TurnFailed
from projections.read_models.merged import Merged
from projections.read_models.model import ReadModel, erase_rows
from projections.schema import TURNS, moment, words
from projections.stream.item import Sequenced

Row: TypeAlias = tuple[Any, ...]


class Closing(Struct, frozen=True, order=True):
    """How a conversation ended: when, the fact's id to break a tie, the caller's word for it, and how many messages it had."""

    at: datetime
    id: str
    outcome: str
    messages: int | None = None


class Naming(Struct, frozen=True, order=True):
    """Whose a conversation is, by the earliest fact that says so."""

    at: datetime
    id: str
    subject: str


class Conversation(Struct, frozen=True, kw_only=True, gc=False):
    """One conversation: ``opened_at`` to ``closed_at`` spans every fact of it; the latest end counts."""

    opened_at: datetime
    closed_at: datetime
    naming: Naming | None = None
    started_at: datetime | None = None
    closing: Closing | None = None
    answered: int = 0
    failed: int = 0


# The columns stand in the order in which row_of gives them.
TABLE = Table(
    "conversations",
    TURNS,
    Column("tenant", Text, primary_key=True),
    Column("site", Text, primary_key=True),
    Column("conversation", Text, primary_key=True),
    moment("opened_at"),
    moment("closed_at"),
    moment("named_at", nullable=True),
    Column("named_id", Uuid(as_uuid=False), nullable=True),
    words("subject"),
    moment("started_at", nullable=True),
    moment("ended_at", nullable=True),
    Column("ended_id", Uuid(as_uuid=False), nullable=True),
    words("outcome"),
    Column("messages", BigInteger, nullable=True),
    Column("answered", Integer, nullable=False),
    Column("failed", Integer, nullable=False),
    Index("conversations_by_start", "tenant", "site", "started_at"),
    Index("conversations_by_end", "tenant", "site", "ended_at"),
    Index("conversations_by_subject", "tenant", "site", "subject"),
)


def conversation_of(event: TurnEvent) -> Conversation:
    """Return the conversation of which nothing but *event* is known."""
    at = event.occurred_at
    return Conversation(
        opened_at=at,
        closed_at=at,
        naming=Naming(at, event.id, event.subject) if event.subject else None,
        started_at=at if isinstance(event, ConversationStarted) else None,
        closing=Closing(at, event.id, event.outcome, event.messages) if isinstance(event, ConversationEnded) else None,
        answered=int(isinstance(event, TurnCompleted)),
        failed=int(isinstance(event, TurnFailed)),
    )


def join(one: Conversation, other: Conversation) -> Conversation:
    """Return the conversation that has the facts of both."""
    return Conversation(
        opened_at=min(one.opened_at, other.opened_at),
        closed_at=max(one.closed_at, other.closed_at),
        naming=min(filter(None, (one.naming, other.naming)), default=None),
        started_at=min(filter(None, (one.started_at, other.started_at)), default=None),
        closing=max(filter(None, (one.closing, other.closing)), default=None),
        answered=one.answered + other.answered,
        failed=one.failed + other.failed,
    )


async def upsert(connection: AsyncConnection, facts: Sequence[Sequenced[TurnEvent]]) -> None:
    """Join what *facts* say with what is known of their conversations; a fact of none makes none."""
    events = [fact.event for fact in facts if fact.event.conversation]
    new = (((event.tenant, event.site, event.conversation), conversation_of(event)) for event in events)
    await _MERGED.add(connection, new)


async def erase_site(connection: AsyncConnection, tenant: str, site: str) -> int:
    """Delete every conversation of *tenant*'s *site*, and return how many they were."""
    return await erase_rows(connection, TABLE, tenant, site)


def row_of(value: Conversation) -> Row:
    """Return the columns of *value* behind its key."""
    naming, closing = value.naming, value.closing
    return (
        value.opened_at,
        value.closed_at,
        *((naming.at, naming.id, naming.subject) if naming else (None, None, "")),
        value.started_at,
        *((closing.at, closing.id, closing.outcome, closing.messages) if closing else (None, None, "", None)),
        value.answered,
        value.failed,
    )


def conversation_in(row: Sequence[Any]) -> Conversation:
    """Return what row_of was given."""
    opened_at, closed_at, named_at, named_id, subject, started_at, ended_at, ended_id, outcome, messages = row[:10]
    answered, failed = row[10:]
    return Conversation(
        opened_at=opened_at,
        closed_at=closed_at,
        naming=Naming(named_at, str(named_id), subject) if named_at else None,
        started_at=started_at,
        closing=Closing(ended_at, str(ended_id), outcome, messages) if ended_at else None,
        answered=answered,
        failed=failed,
    )


_MERGED = Merged(table=TABLE, join=join, row_of=row_of, value_in=conversation_in)
MODEL = ReadModel(name="conversations", tables=(TABLE,), facts=turns.FACTS, version=1, upsert=upsert, erase_site=erase_site)
