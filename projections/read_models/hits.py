"""hits: one row for each fact of the web family, written once."""

from collections.abc import Iterable, Sequence
from decimal import Decimal
from enum import IntEnum
from typing import Any, TypeAlias, get_args

import msgspec
from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Date,
    DateTime,
    Integer,
    LargeBinary,
    Numeric,
    SmallInteger,
    Table,
    Text,
    Uuid,
    delete,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.ext.asyncio import AsyncConnection

from contracts.events import EngagementMeasured, EventRecorded, PageViewed
from projections.database import copy_rows
from projections.read_models import description
from projections.read_models.description import describe
from projections.read_models.model import ReadModel, Whose, erase_rows, happened_on
from projections.schema import WEB, moment, words
from projections.stream.item import Sequenced

Row: TypeAlias = tuple[Any, ...]
# What has a row: not every fact that the family may have.
HitFact: TypeAlias = PageViewed | EventRecorded | EngagementMeasured


class Kind(IntEnum):
    """What a row is a fact of."""

    PAGEVIEW = 1
    EVENT = 2
    ENGAGEMENT = 3


# Partitioned by month of occurred_at. The columns stand in the order in which fold gives them.
HITS = Table(
    "hits",
    WEB,
    Column("tenant", Text, primary_key=True),
    Column("site", Text, primary_key=True),
    Column("occurred_at", DateTime(timezone=True), primary_key=True),
    Column("event_id", Uuid(as_uuid=False), primary_key=True),
    Column("seq", BigInteger, nullable=False),
    moment("received_at"),
    Column("day", Date, nullable=False),  # the salt's UTC day: a visitor is (day, visitor)
    Column("visitor", LargeBinary, nullable=False),  # empty where the fact names nobody
    Column("bot", Boolean, nullable=False),
    words("bot_rule"),
    words("bot_name"),
    words("hostname"),
    words("path"),
    words("batch"),
    *description.columns(),
    Column("kind", SmallInteger, nullable=False),
    words("name"),
    Column("props", JSONB, nullable=True),
    Column("interactive", Boolean, nullable=False),
    Column("engaged_ms", Integer, nullable=False, server_default="0"),
    Column("scroll_percent", SmallInteger, nullable=False, server_default="0"),
    Column("revenue", Numeric, nullable=True),
    words("currency"),
    postgresql_partition_by="RANGE (occurred_at)",
)
COLUMNS = tuple(HITS.columns.keys())


def fold(facts: Iterable[Sequenced[HitFact]]) -> list[Row]:
    """Return the row of each fact, in the order of COLUMNS."""
    return [_envelope(fact.seq, fact.event) + describe(fact.event) + _particulars(fact.event) for fact in facts]


async def upsert(connection: AsyncConnection, facts: Sequence[Sequenced[HitFact]]) -> None:
    """Write the rows of *facts*."""
    await copy_rows(connection, HITS, COLUMNS, fold(facts))


async def erase(connection: AsyncConnection, whose: Whose) -> int:
    """Delete the hits that are *whose*, and return how many they were; a hit of nobody is not anybody's."""
    if not whose.visitor:
        return 0
    columns = HITS.c
    theirs = (columns.tenant == whose.tenant, columns.site == whose.site)
    gone = await connection.execute(delete(HITS).where(*theirs, columns.day == whose.day, columns.visitor == whose.visitor))
    return gone.rowcount


async def erase_site(connection: AsyncConnection, tenant: str, site: str) -> int:
    """Delete every hit of *tenant*'s *site*, and return how many they were."""
    return await erase_rows(connection, HITS, tenant, site)


MODEL = ReadModel(
    name="hits",
    tables=(HITS,),
    facts=get_args(HitFact),
    version=1,
    upsert=upsert,
    day_of=happened_on,
    erase=erase,
    erase_site=erase_site,
)


def _envelope(seq: int, event: HitFact) -> Row:
    page = event.page
    return (
        event.tenant,
        event.site,
        event.occurred_at,
        event.id,
        seq,
        event.received_at,
        event.salt_day,
        bytes.fromhex(event.visitor),
        event.bot is not None,
        event.bot or "",
        event.bot_name,
        page.hostname,
        page.path,
        event.batch or "",
    )


def _particulars(event: HitFact) -> Row:
    match event:
        case PageViewed():
            return (Kind.PAGEVIEW, "", None, False, 0, 0, None, "")
        case EventRecorded(name=name, props=props, interactive=interactive, revenue=revenue):
            written = msgspec.json.encode(props).decode() if props else None
            amount, currency = (Decimal(revenue.amount), revenue.currency) if revenue else (None, "")
            return (Kind.EVENT, name, written, interactive, 0, 0, amount, currency)
        case EngagementMeasured(engaged_ms=engaged_ms, scroll_percent=scroll_percent):
            return (Kind.ENGAGEMENT, "", None, False, engaged_ms, scroll_percent, None, "")
