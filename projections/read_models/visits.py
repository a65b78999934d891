"""visits: what each visitor did on each UTC day, cut where nothing happened for more than thirty minutes."""

import struct
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any, NamedTuple, TypeAlias, get_args

from sqlalchemy import BigInteger, Boolean, Column, Date, DateTime, Index, Integer, LargeBinary, Table, Text, delete, text
from sqlalchemy.ext.asyncio import AsyncConnection

from projections.database import copy_rows
from projections.read_models import description
from projections.read_models.dictionaries import NONE, Coded, code
from projections.read_models.hits import site_number, visitor_number
from projections.read_models.model import ReadModel, Whose, happened_on, partition_name
from projections.read_models.visit import IDLE, Tail, Visit, VisitFact, merge, visit_of
from projections.schema import VIEWS, WEB, moment, numbers, words
from projections.stream.item import Sequenced

Row: TypeAlias = tuple[Any, ...]

_LARGEST_INTEGER = 2**31 - 1


class VisitorDay(NamedTuple):
    """Whose visits: a visitor's number means nothing outside its day, and a robot never shares a visit with a human."""

    tenant: int
    site: int
    day: date
    visitor: int
    bot: bool


def _counts() -> list[Column[Any]]:
    return [
        Column("opened_at", DateTime(timezone=True), primary_key=True),
        moment("closed_at"),
        moment("began_at", nullable=True),
        moment("ended_at", nullable=True),
        moment("entry_at", nullable=True),
        moment("exit_at", nullable=True),
        Column("pageviews", Integer, nullable=False),
        Column("events", Integer, nullable=False),
        Column("interactions", Integer, nullable=False),
        Column("engaged_ms", Integer, nullable=False),  # the sum of what ``tail`` holds
    ]


# What answers are made of; the rest is for merging visits.
_ASKED_FOR = [
    *("began_at", "ended_at", "tenant", "pageviews", "interactions", "engaged_ms"),
    *("client", "origin", "entry_page", "exit_page", "bot"),
]

# One row for each visit. Partitioned by month of day. The columns stand in the order in which row_of gives them.
# ``opened_at``..``closed_at`` spans every fact (what links facts into a visit); ``began_at``..``ended_at`` spans pageviews and
# events (what a duration is made of); both of these are null for a visit that holds engagement only, which no number counts.
# What breaks ties stands beside what it belongs to, and ``tail`` holds the engagement since the last pageview.
CODED_VISITS = Table(
    "coded_visits",
    WEB,
    Column("tenant", Integer, nullable=False),
    Column("site", Integer, nullable=False),
    Column("day", Date, nullable=False),
    Column("visitor", BigInteger, nullable=False),
    Column("bot", Boolean, nullable=False),
    *_counts(),
    Column("began_tie", Integer, nullable=False),
    Column("page", Integer, nullable=False),
    Column("client", Integer, nullable=False),
    Column("origin", Integer, nullable=False),
    Column("entry_tie", Integer, nullable=False),
    Column("entry_page", Integer, nullable=False),
    Column("exit_tie", Integer, nullable=False),
    Column("exit_page", Integer, nullable=False),
    Column("tail", LargeBinary, nullable=True),
    Index("visits_by_visitor", "site", "day", "visitor", "opened_at", postgresql_include=_ASKED_FOR),
    postgresql_partition_by="RANGE (day)",
)
COLUMNS = tuple(CODED_VISITS.columns.keys())

# The same in words: a view, whose joins cost nothing where nobody asks for their words.
VISITS = Table(
    "visits",
    VIEWS,
    Column("tenant", Text, primary_key=True),
    Column("site", Text, primary_key=True),
    Column("day", Date, primary_key=True),
    Column("visitor", BigInteger, primary_key=True),
    Column("bot", Boolean, primary_key=True),
    *_counts(),
    words("hostname"),
    words("entry_path"),
    words("exit_path"),
    *map(words, description.COLUMNS),
    *numbers("site_id", "page_id", "client_id", "origin_id", "entry_page_id", "exit_page_id"),
    Column("tail", LargeBinary, nullable=True),
)


def fold(facts: Iterable[Sequenced[VisitFact]], codes: Iterable[Coded]) -> dict[VisitorDay, list[Visit]]:
    """Return a visit for each fact, by the visitor-day it belongs to; a fact that names nobody belongs to none."""
    visits: defaultdict[VisitorDay, list[Visit]] = defaultdict(list)
    for fact, coded in zip(facts, codes, strict=True):
        if fact.event.visitor:
            visits[visitor_day_of(fact.event, coded)].append(visit_of(fact.event, coded))
    return visits


async def upsert(connection: AsyncConnection, facts: Sequence[Sequenced[VisitFact]]) -> None:
    """Merge the visits of *facts* into those that their visitors already have."""
    visits = fold(facts, await code(connection, facts))
    for partition, joining in _by_partition(visits).items():
        for whose, visit in await _take_out(connection, partition, joining):
            visits[whose].append(visit)
    rows = [row_of(whose, visit) for whose, several in visits.items() for visit in merge(several)]
    await copy_rows(connection, CODED_VISITS, COLUMNS, rows)


async def erase(connection: AsyncConnection, whose: Whose) -> int:
    """Delete the visits that are *whose*, as a human and as a robot, and return how many they were."""
    columns = CODED_VISITS.c
    theirs = columns.visitor == visitor_number(whose.visitor.hex())
    gone = await connection.execute(delete(CODED_VISITS).where(columns.site == site_number(whose.tenant, whose.site), theirs))
    return gone.rowcount


async def erase_site(connection: AsyncConnection, tenant: str, site: str) -> int:
    """Delete every visit of *tenant*'s *site*, and return how many they were."""
    gone = await connection.execute(delete(CODED_VISITS).where(CODED_VISITS.c.site == site_number(tenant, site)))
    return gone.rowcount


MODEL = ReadModel(
    name="visits",
    tables=(CODED_VISITS,),
    view=VISITS,
    facts=get_args(VisitFact),
    version=2,
    upsert=upsert,
    day_of=happened_on,
    erase=erase,
    erase_site=erase_site,
)


def visitor_day_of(event: VisitFact, coded: Coded) -> VisitorDay:
    """Return whose visit the fact belongs to."""
    return VisitorDay(coded.tenant, coded.site, happened_on(event), visitor_number(event.visitor), event.bot is not None)


def row_of(whose: VisitorDay, visit: Visit) -> Row:
    """Return the row of *visit*, in the order of COLUMNS."""
    first, entry, exit_ = visit.first or _NO_BEGINNING, visit.entry or _NO_STEP, visit.exit or _NO_STEP
    return (
        *whose,
        visit.opened_at,
        visit.closed_at,
        first[0],
        visit.ended_at,
        entry[0],
        exit_[0],
        visit.pageviews,
        visit.events,
        visit.interactions,
        min(sum(milliseconds for _, milliseconds in visit.tail), _LARGEST_INTEGER),
        *first[1:],
        *entry[1:],
        *exit_[1:],
        _packed(visit.tail),
    )


def visit_in(row: Sequence[Any]) -> tuple[VisitorDay, Visit]:
    """Return what row_of was given; *row* is in the order of COLUMNS."""
    opened_at, closed_at, began_at, ended_at, entry_at, exit_at = row[5:11]
    pageviews, events, interactions, _, began_tie, page, client, origin = row[11:19]
    entry_tie, entry_page, exit_tie, exit_page, tail = row[19:]
    return VisitorDay(*row[:5]), Visit(
        opened_at=opened_at,
        closed_at=closed_at,
        first=None if began_at is None else (began_at, began_tie, page, client, origin),
        ended_at=ended_at,
        pageviews=pageviews,
        events=events,
        interactions=interactions,
        entry=None if entry_at is None else (entry_at, entry_tie, entry_page),
        exit=None if exit_at is None else (exit_at, exit_tie, exit_page),
        tail=_unpacked(tail),
    )


_NO_STEP = (None, NONE, NONE)
_NO_BEGINNING = (None, NONE, NONE, NONE, NONE)

# Each report of engagement: when, in microseconds since 1970, and for how many milliseconds.
_REPORT = struct.Struct(">qi")
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


def _packed(tail: Tail) -> bytes | None:
    return b"".join(_REPORT.pack((at - _EPOCH) // _MICROSECOND, milliseconds) for at, milliseconds in tail) or None


def _unpacked(tail: bytes | None) -> Tail:
    return tuple((_EPOCH + at * _MICROSECOND, milliseconds) for at, milliseconds in _REPORT.iter_unpack(tail or b""))


# Deleting returns what was there, in one look-up per visitor-day; only visits near enough to be joined are taken out.
_TAKE_OUT = """
    DELETE FROM {partition} AS visits USING unnest(
        CAST(:tenant AS int[]), CAST(:site AS int[]), CAST(:day AS date[]), CAST(:visitor AS bigint[]),
        CAST(:bot AS boolean[]), CAST(:since AS timestamptz[]), CAST(:until AS timestamptz[])
    ) AS wanted (tenant, site, day, visitor, bot, since, until)
    WHERE (visits.site, visits.day, visits.visitor, visits.bot) = (wanted.site, wanted.day, wanted.visitor, wanted.bot)
    AND visits.closed_at >= wanted.since AND visits.opened_at <= wanted.until
    RETURNING {columns}
"""
_RETURNED = ", ".join(f"visits.{name}" for name in COLUMNS)


async def _take_out(
    connection: AsyncConnection, partition: str, joining: Mapping[VisitorDay, Sequence[Visit]]
) -> list[tuple[VisitorDay, Visit]]:
    wanted = dict(zip(VisitorDay._fields, map(list, zip(*joining, strict=True)), strict=True))
    near = {
        "since": [min(visit.opened_at for visit in visits) - IDLE for visits in joining.values()],
        "until": [max(visit.closed_at for visit in visits) + IDLE for visits in joining.values()],
    }
    statement = text(_TAKE_OUT.format(partition=partition, columns=_RETURNED))
    return [visit_in(row) for row in await connection.execute(statement, wanted | near)]


def _by_partition(visits: Mapping[VisitorDay, list[Visit]]) -> dict[str, dict[VisitorDay, list[Visit]]]:
    # Named here, because Postgres would find the partitions only at the price of guessing wrongly how many rows they have.
    partitions: defaultdict[str, dict[VisitorDay, list[Visit]]] = defaultdict(dict)
    for whose, several in visits.items():
        partitions[partition_name(CODED_VISITS, whose.day)][whose] = several
    return partitions
