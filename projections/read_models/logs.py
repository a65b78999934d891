"""logs: one row for each line that a program reported, written once."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, date
from typing import Any, TypeAlias

import msgspec
from sqlalchemy import BigInteger, Column, DateTime, Index, Table, Text, Uuid, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.ext.asyncio import AsyncConnection

from contracts.events import LogRecorded, Scalar
from projections.database import copy_rows
from projections.read_models.model import ReadModel, erase_rows
from projections.schema import LOGS as TABLES
from projections.schema import moment, words
from projections.stream.item import Sequenced

Row: TypeAlias = tuple[Any, ...]


# What a line is called: by its sender, or else by the fact's own id.
CALLED = "coalesce(nullif(logs.key, ''), logs.event_id::text)"


def _by(column: str, *beside: str) -> Index:
    """Return the index that finds and sorts lines by *column*; it tells them apart, so that a page takes no look at others.

    What else is asked for *beside* it is in it, too, so that how many fit is counted without a look at any.
    """
    return Index(f"logs_by_{column}", "tenant", "site", column, "received_at", "event_id", postgresql_include=beside)


# Partitioned by month of received_at, by which lines are searched and sorted: an app that was offline may report what happened
# long ago, and a wrong clock must not make a partition. The columns stand in the order in which fold gives them.
LOGS = Table(
    "logs",
    TABLES,
    Column("tenant", Text, primary_key=True),
    Column("site", Text, primary_key=True),
    Column("received_at", DateTime(timezone=True), primary_key=True),
    Column("event_id", Uuid(as_uuid=False), primary_key=True),
    Column("seq", BigInteger, nullable=False),
    moment("occurred_at"),
    words("kind"),
    words("name"),
    words("priority"),
    words("subject"),  # a pseudonym, as the site's policy has it; empty where the line names nobody
    words("session"),
    words("app_version"),
    words("provider"),
    Column("sequence", BigInteger, nullable=True),
    Column("device", JSONB, nullable=True),
    Column("props", JSONB, nullable=True),
    words("key"),
    words("batch"),
    *map(_by, ("occurred_at", "subject", "session", "priority")),
    _by("kind", "priority"),
    _by("name", "kind", "priority", "app_version", "provider"),
    _by("app_version", "kind", "priority", "provider"),
    _by("provider", "kind", "priority"),
    Index("logs_by_key", "tenant", "site", text(f"({CALLED})"), "received_at", "event_id"),
    postgresql_partition_by="RANGE (received_at)",
)
COLUMNS = tuple(LOGS.columns.keys())


def fold(facts: Iterable[Sequenced[LogRecorded]]) -> list[Row]:
    """Return the row of each fact, in the order of COLUMNS."""
    return [_row(fact.seq, fact.event) for fact in facts]


async def upsert(connection: AsyncConnection, facts: Sequence[Sequenced[LogRecorded]]) -> None:
    """Write the rows of *facts*."""
    await copy_rows(connection, LOGS, COLUMNS, fold(facts))


async def erase_site(connection: AsyncConnection, tenant: str, site: str) -> int:
    """Delete every line of *tenant*'s *site*, and return how many they were."""
    return await erase_rows(connection, LOGS, tenant, site)


def day_of(event: LogRecorded) -> date:
    """Return the UTC day on which the line was received."""
    return event.received_at.astimezone(UTC).date()


# Nobody is erased by a visitor of a day: no line has one.
MODEL = ReadModel(
    name="logs",
    tables=(LOGS,),
    facts=(LogRecorded,),
    version=1,
    upsert=upsert,
    day_of=day_of,
    erase_site=erase_site,
)


def _row(seq: int, event: LogRecorded) -> Row:
    return (
        event.tenant,
        event.site,
        event.received_at,
        event.id,
        seq,
        event.occurred_at,
        event.kind.value,
        event.name,
        event.priority.value,
        event.subject,
        event.session,
        event.app_version,
        event.provider,
        event.sequence,
        _written(event.device),
        _written(event.props),
        event.key,
        event.batch or "",
    )


def _written(props: Mapping[str, Scalar]) -> str | None:
    return msgspec.json.encode(props).decode() if props else None
