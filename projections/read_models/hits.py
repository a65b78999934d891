"""hits: one row for each fact of the web family, written once: in numbers, and in words to whoever asks."""

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
    Index,
    Integer,
    Numeric,
    SmallInteger,
    Table,
    Text,
    Uuid,
    delete,
    select,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.ext.asyncio import AsyncConnection

from contracts.events import EngagementMeasured, EventRecorded, PageViewed
from projections.database import copy_rows
from projections.read_models import description
from projections.read_models.dictionaries import SITE_IDS, Coded, code
from projections.read_models.model import ReadModel, Whose, happened_on
from projections.schema import VIEWS, WEB, moment, numbers, words
from projections.stream.item import Sequenced

Row: TypeAlias = tuple[Any, ...]
# What has a row: not every fact that the family may have.
HitFact: TypeAlias = PageViewed | EventRecorded | EngagementMeasured


class Kind(IntEnum):
    """What a row is a fact of."""

    PAGEVIEW = 1
    EVENT = 2
    ENGAGEMENT = 3


def _measures() -> list[Column[Any]]:
    return [
        Column("seq", BigInteger, nullable=False),
        moment("received_at"),
        Column("visitor", BigInteger, nullable=False),  # NOBODY where the fact names nobody
        Column("kind", SmallInteger, nullable=False),
        Column("bot", Boolean, nullable=False),
        Column("interactive", Boolean, nullable=False),
        Column("engaged_ms", Integer, nullable=False),
        Column("scroll_percent", SmallInteger, nullable=False),
        Column("revenue", Numeric, nullable=True),
        Column("currency", Text, nullable=True),
        Column("props", JSONB, nullable=True),
    ]


_WHO = ["visitor", "tenant", "bot"]

# Partitioned by month of occurred_at. The columns stand in the order in which fold gives them.
CODED_HITS = Table(
    "coded_hits",
    WEB,
    moment("occurred_at"),
    Column("event_id", Uuid(as_uuid=False), nullable=False),
    Column("tenant", Integer, nullable=False),
    Column("site", Integer, nullable=False),
    Column("page", Integer, nullable=False),
    Column("client", Integer, nullable=False),
    Column("origin", Integer, nullable=False),
    Column("name", Integer, nullable=False),
    *_measures(),
    Index("hits_by_time", "site", "occurred_at", postgresql_include=["visitor", "tenant", "page", "name", "kind", "bot"]),
    Index("hits_by_page", "site", "page", "occurred_at", postgresql_include=_WHO, postgresql_where=text("kind = 1")),
    Index("hits_by_name", "site", "name", "occurred_at", postgresql_include=_WHO, postgresql_where=text("kind = 2")),
    postgresql_partition_by="RANGE (occurred_at)",
)
COLUMNS = tuple(CODED_HITS.columns.keys())

# The same in words: a view, whose joins cost nothing where nobody asks for their words. ``day`` is the UTC day on which it
# happened: a visitor is (day, visitor).
HITS = Table(
    "hits",
    VIEWS,
    Column("tenant", Text, primary_key=True),
    Column("site", Text, primary_key=True),
    Column("occurred_at", DateTime(timezone=True), primary_key=True),
    Column("event_id", Uuid(as_uuid=False), primary_key=True),
    Column("day", Date, nullable=False),
    *_measures(),
    words("hostname"),
    words("path"),
    words("name"),
    *map(words, description.COLUMNS),
    *numbers("site_id", "page_id", "client_id", "origin_id", "name_id"),
)

NOBODY = 0
# Of an id that ends in as many zeros as NOBODY's number has.
_IN_PLACE_OF_NOBODY = 1 << 63


def fold(facts: Iterable[Sequenced[HitFact]], codes: Iterable[Coded]) -> list[Row]:
    """Return the row of each fact, in the order of COLUMNS, in the numbers that *codes* give for what it says."""
    return [
        (fact.event.occurred_at, fact.event.id, *coded, *_measured(fact.seq, fact.event))
        for fact, coded in zip(facts, codes, strict=True)
    ]


def visitor_number(visitor: str) -> int:
    """Return the number that stands for a visitor's id: its last 64 bits, which within a site and a day are as good as all."""
    if not visitor:
        return NOBODY
    number = int(visitor[-16:], 16) or _IN_PLACE_OF_NOBODY
    return number - (1 << 64) if number >> 63 else number


async def upsert(connection: AsyncConnection, facts: Sequence[Sequenced[HitFact]]) -> None:
    """Write the rows of *facts*."""
    await copy_rows(connection, CODED_HITS, COLUMNS, fold(facts, await code(connection, facts)))


async def erase(connection: AsyncConnection, whose: Whose) -> int:
    """Delete the hits that are *whose*, and return how many they were; a hit of nobody is not anybody's."""
    if not whose.visitor:
        return 0
    columns = CODED_HITS.c
    theirs = columns.visitor == visitor_number(whose.visitor.hex())
    gone = await connection.execute(delete(CODED_HITS).where(columns.site == site_number(whose.tenant, whose.site), theirs))
    return gone.rowcount


async def erase_site(connection: AsyncConnection, tenant: str, site: str) -> int:
    """Delete every hit of *tenant*'s *site*, and return how many they were."""
    gone = await connection.execute(delete(CODED_HITS).where(CODED_HITS.c.site == site_number(tenant, site)))
    return gone.rowcount


def site_number(tenant: str, site: str) -> Any:
    """Return the SQL that finds the number of *tenant*'s *site*."""
    return select(SITE_IDS.c.id).where(SITE_IDS.c.tenant == tenant, SITE_IDS.c.site == site).scalar_subquery()


MODEL = ReadModel(
    name="hits",
    tables=(CODED_HITS,),
    view=HITS,
    facts=get_args(HitFact),
    version=2,
    upsert=upsert,
    day_of=happened_on,
    erase=erase,
    erase_site=erase_site,
)


def _measured(seq: int, event: HitFact) -> Row:
    about = (seq, event.received_at, visitor_number(event.visitor))
    is_bot = event.bot is not None
    match event:
        case PageViewed():
            return (*about, Kind.PAGEVIEW, is_bot, False, 0, 0, None, None, None)
        case EventRecorded(props=props, interactive=interactive, revenue=revenue):
            written = msgspec.json.encode(props).decode() if props else None
            amount, currency = (Decimal(revenue.amount), revenue.currency) if revenue else (None, None)
            return (*about, Kind.EVENT, is_bot, interactive, 0, 0, amount, currency, written)
        case EngagementMeasured(engaged_ms=engaged_ms, scroll_percent=scroll_percent):
            return (*about, Kind.ENGAGEMENT, is_bot, False, engaged_ms, scroll_percent, None, None, None)
