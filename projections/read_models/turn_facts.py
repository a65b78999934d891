"""turn_facts: one row for each fact of the turns family, written once, as it is shown to whoever asks for events."""

from collections.abc import Iterable, Sequence
from enum import IntEnum
from typing import Any, TypeAlias, TypeVar

import msgspec
from sqlalchemy import BigInteger, Boolean, Column, DateTime, Float, Index, Integer, SmallInteger, Table, Text, Uuid, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.ext.asyncio import AsyncConnection

from contracts.events import turns
from contracts.events.turns import (
    ConversationActionRecorded,
    ConversationEnded,
    ConversationStarted,
    FrustrationDetected,
    JourneyStepCompleted,
    RegenerationRequested,
    TurnCompleted,
    TurnEvent,
    TurnFailed,
    TurnsFact,
    TurnStarted,
    VoteCast,
)
from projections.database import copy_rows
from projections.read_models.model import ReadModel, erase_rows, happened_on
from projections.schema import TURNS, moment, words
from projections.stream.item import Sequenced

Row: TypeAlias = tuple[Any, ...]


class Kind(IntEnum):
    """What a row is a fact of."""

    STARTED = 1
    COMPLETED = 2
    FAILED = 3
    VOTE = 4
    CONVERSATION_STARTED = 5
    CONVERSATION_ENDED = 6
    JOURNEY_STEP = 7
    REGENERATION = 8
    FRUSTRATION = 9
    ACTION = 10


KIND_OF: dict[type[TurnsFact], Kind] = {
    TurnStarted: Kind.STARTED,
    TurnCompleted: Kind.COMPLETED,
    TurnFailed: Kind.FAILED,
    VoteCast: Kind.VOTE,
    ConversationStarted: Kind.CONVERSATION_STARTED,
    ConversationEnded: Kind.CONVERSATION_ENDED,
    JourneyStepCompleted: Kind.JOURNEY_STEP,
    RegenerationRequested: Kind.REGENERATION,
    FrustrationDetected: Kind.FRUSTRATION,
    ConversationActionRecorded: Kind.ACTION,
}

# Partitioned by month of occurred_at. The columns stand in the order in which fold gives them. ``name`` is what the caller
# calls an action; ``word`` is an outcome, a class of error or an action's closer word; ``comment`` is what somebody said, or
# an error's words; ``size`` is of characters or of messages; ``retry`` is how many attempts came before.
TABLE = Table(
    "turn_facts",
    TURNS,
    Column("tenant", Text, primary_key=True),
    Column("site", Text, primary_key=True),
    Column("occurred_at", DateTime(timezone=True), primary_key=True),
    Column("event_id", Uuid(as_uuid=False), primary_key=True),
    Column("seq", BigInteger, nullable=False),
    moment("received_at"),
    Column("kind", SmallInteger, nullable=False),
    words("name"),
    words("key"),
    words("subject"),
    words("turn"),
    words("conversation"),
    words("journey"),
    words("step"),
    words("session"),
    Column("sequence", BigInteger, nullable=True),
    words("model"),
    words("provider"),
    words("prompt_version"),
    words("prompt"),
    words("response"),
    Column("duration_ms", BigInteger, nullable=True),
    Column("value", Float, nullable=True),
    words("comment"),
    words("word"),
    Column("size", BigInteger, nullable=True),
    Column("retry", Integer, nullable=False, server_default="0"),
    Column("is_last", Boolean, nullable=False, server_default="false"),
    Column("props", JSONB, nullable=True),
    Index("turn_facts_by_kind", "tenant", "site", "kind", "occurred_at", "event_id"),
    # Where words are looked for there are few, unless the policy keeps what people write.
    Index(
        "turn_facts_with_words",
        *("tenant", "site", "occurred_at", "event_id"),
        postgresql_where=text("prompt <> '' OR response <> '' OR comment <> ''"),
    ),
    Index("turn_facts_by_subject", "tenant", "site", "subject", "occurred_at"),
    Index("turn_facts_by_turn", "tenant", "site", "turn", postgresql_where=text("turn <> ''")),
    Index(
        "turn_facts_by_conversation",
        *("tenant", "site", "conversation", "occurred_at"),
        postgresql_where=text("conversation <> ''"),
    ),
    postgresql_partition_by="RANGE (occurred_at)",
)
COLUMNS = tuple(TABLE.columns.keys())


def fold(facts: Iterable[Sequenced[TurnEvent]]) -> list[Row]:
    """Return the row of each fact, in the order of COLUMNS."""
    return [_row(fact.seq, fact.event) for fact in facts]


async def upsert(connection: AsyncConnection, facts: Sequence[Sequenced[TurnEvent]]) -> None:
    """Write the rows of *facts*."""
    await copy_rows(connection, TABLE, COLUMNS, fold(facts))


async def erase_site(connection: AsyncConnection, tenant: str, site: str) -> int:
    """Delete every row of *tenant*'s *site*, and return how many they were."""
    return await erase_rows(connection, TABLE, tenant, site)


MODEL = ReadModel(
    name="turn_facts",
    tables=(TABLE,),
    facts=turns.FACTS,
    version=1,
    upsert=upsert,
    day_of=happened_on,
    erase_site=erase_site,
)


def _row(seq: int, event: TurnEvent) -> Row:
    value: float | None = _said(event, ("value",), None)
    return (
        event.tenant,
        event.site,
        event.occurred_at,
        event.id,
        seq,
        event.received_at,
        KIND_OF[type(event)],
        _said(event, ("name",), ""),
        event.key,
        event.subject,
        event.turn,
        event.conversation,
        event.journey,
        event.step,
        event.session,
        event.sequence,
        event.model,
        event.provider,
        event.prompt_version,
        event.prompt,
        event.response,
        event.duration_ms,
        None if value is None else float(value),
        _said(event, _COMMENTS, ""),
        _said(event, _CLOSER_WORDS, ""),
        _said(event, _SIZES, None),
        _said(event, ("retry",), 0),
        _said(event, ("is_last",), False),
        msgspec.json.encode(event.props).decode() if event.props else None,
    )


_Said = TypeVar("_Said")


def _said(event: TurnEvent, names: Sequence[str], nothing: _Said) -> _Said:
    """Return what *event* says under one of *names*, each of which only some facts have."""
    return next((getattr(event, name) for name in names if hasattr(event, name)), nothing)


_COMMENTS = ("comment", "reason", "message")
_CLOSER_WORDS = ("outcome", "error", "action")
_SIZES = ("response_chars", "messages")
