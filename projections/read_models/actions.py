"""actions: one row for each action that was recorded, written once."""

from collections.abc import Iterable, Sequence
from typing import Any, TypeAlias

import msgspec
from sqlalchemy import BigInteger, Column, DateTime, Index, Table, Text, Uuid, delete
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.ext.asyncio import AsyncConnection

from contracts.events import ActionRecorded
from projections.database import copy_rows
from projections.read_models.model import ReadModel, erase_rows, happened_on
from projections.schema import PRODUCT, moment, words
from projections.stream.item import Sequenced

Row: TypeAlias = tuple[Any, ...]

# Partitioned by month of occurred_at. The columns stand in the order in which row_of gives them.
ACTIONS = Table(
    "actions",
    PRODUCT,
    Column("tenant", Text, primary_key=True),
    Column("site", Text, primary_key=True),
    Column("occurred_at", DateTime(timezone=True), primary_key=True),
    Column("event_id", Uuid(as_uuid=False), primary_key=True),
    Column("seq", BigInteger, nullable=False),
    moment("received_at"),
    words("name"),
    words("subject"),
    words("device"),
    words("session"),
    words("version"),
    words("os"),
    words("host"),
    words("host_version"),
    words("country"),
    words("region"),
    Column("duration_ms", BigInteger, nullable=True),
    Column("exit_code", BigInteger, nullable=True),
    words("batch"),
    Column("props", JSONB, nullable=False),
    Index("actions_by_subject", "tenant", "site", "subject", "occurred_at", "event_id"),
    Index("actions_by_name", "tenant", "site", "name", "occurred_at", "event_id"),
    postgresql_partition_by="RANGE (occurred_at)",
)
COLUMNS = tuple(ACTIONS.columns.keys())


def row_of(seq: int, event: ActionRecorded) -> Row:
    """Return the row of *event*, in the order of COLUMNS."""
    app, place = event.app, event.place
    return (
        event.tenant,
        event.site,
        event.occurred_at,
        event.id,
        seq,
        event.received_at,
        event.name,
        event.subject,
        event.device,
        event.session,
        app.version,
        app.os,
        app.host,
        app.host_version,
        place.country,
        place.region,
        event.duration_ms,
        event.exit_code,
        event.batch or "",
        msgspec.json.encode(event.props).decode(),
    )


def fold(facts: Iterable[Sequenced[ActionRecorded]]) -> list[Row]:
    """Return the row of each fact."""
    return [row_of(fact.seq, fact.event) for fact in facts]


async def upsert(connection: AsyncConnection, facts: Sequence[Sequenced[ActionRecorded]]) -> None:
    """Write the rows of *facts*."""
    await copy_rows(connection, ACTIONS, COLUMNS, fold(facts))


async def erase_site(connection: AsyncConnection, tenant: str, site: str) -> int:
    """Delete every action of *tenant*'s *site*, and return how many they were."""
    return await erase_rows(connection, ACTIONS, tenant, site)


async def erase_subject(connection: AsyncConnection, tenant: str, site: str, subject: str) -> int:
    """Delete what *subject* did, also where their pseudonym stands for a device or a session; return how many rows went."""
    columns = ACTIONS.c
    theirs = (columns.tenant == tenant, columns.site == site)
    whose = (columns.subject == subject) | (columns.device == subject) | (columns.session == subject)
    gone = await connection.execute(delete(ACTIONS).where(*theirs, whose))
    return gone.rowcount


MODEL = ReadModel(
    name="actions",
    tables=(ACTIONS,),
    facts=(ActionRecorded,),
    version=1,
    upsert=upsert,
    day_of=happened_on,
    erase_site=erase_site,
)
