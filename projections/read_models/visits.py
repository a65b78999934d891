"""visits: what each visitor did on each UTC day, cut where nothing happened for more than thirty minutes."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from typing import Any, NamedTuple, TypeAlias, get_args

from sqlalchemy import (
    Boolean,
    Column,
    Date,
    DateTime,
    Index,
    Integer,
    LargeBinary,
    Table,
    Text,
    Uuid,
    delete,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.ext.asyncio import AsyncConnection

from projections.database import copy_rows
from projections.read_models import description
from projections.read_models.model import ReadModel, Whose, erase_rows, partition_name
from projections.read_models.visit import IDLE, Visit, VisitFact, merge, visit_of
from projections.schema import WEB, moment, words
from projections.stream.item import Sequenced

Row: TypeAlias = tuple[Any, ...]

_LARGEST_INTEGER = 2**31 - 1


class VisitorDay(NamedTuple):
    """Whose visits: a visitor id means nothing outside its day, and a robot never shares a visit with a human."""

    tenant: str
    site: str
    day: date
    visitor: bytes
    bot: bool


# One row for each visit. Partitioned by month of day. The columns stand in the order in which row_of gives them.
# ``opened_at``..``closed_at`` spans every fact (what links facts into a visit); ``began_at``..``ended_at`` spans pageviews and
# events (what a duration is made of); both of these are null for a visit that holds engagement only, which no number counts.
VISITS = Table(
    "visits",
    WEB,
    Column("tenant", Text, primary_key=True),
    Column("site", Text, primary_key=True),
    Column("day", Date, primary_key=True),
    Column("visitor", LargeBinary, primary_key=True),
    Column("bot", Boolean, primary_key=True),
    Column("opened_at", DateTime(timezone=True), primary_key=True),
    moment("closed_at"),
    moment("ended_at", nullable=True),
    Column("pageviews", Integer, nullable=False),
    Column("events", Integer, nullable=False),
    Column("interactions", Integer, nullable=False),
    moment("entry_at", nullable=True),
    Column("entry_id", Uuid(as_uuid=False), nullable=True),
    words("entry_path"),
    moment("exit_at", nullable=True),
    Column("exit_id", Uuid(as_uuid=False), nullable=True),
    words("exit_path"),
    Column("tail_at", ARRAY(DateTime(timezone=True)), nullable=False),  # engagement since the last pageview, newest 64
    Column("tail_ms", ARRAY(Integer), nullable=False),
    Column("engaged_ms", Integer, nullable=False),  # the sum of tail_ms
    moment("began_at", nullable=True),
    Column("began_id", Uuid(as_uuid=False), nullable=True),
    words("hostname"),
    *description.columns(),
    Index("visits_by_start", "tenant", "site", "began_at"),
    postgresql_partition_by="RANGE (day)",
)
COLUMNS = tuple(VISITS.columns.keys())


def _from(first: str, last: str) -> slice:
    return slice(COLUMNS.index(first), COLUMNS.index(last) + 1)


_WHOSE = _from("tenant", "bot")
_COUNTS = _from("opened_at", "interactions")
_ENTRY, _EXIT = _from("entry_at", "entry_path"), _from("exit_at", "exit_path")
_TAIL = _from("tail_at", "tail_ms")
_BEGINNING = _from("began_at", "hostname")
_WORDS = _from(description.COLUMNS[0], description.COLUMNS[-1])


def fold(facts: Iterable[Sequenced[VisitFact]]) -> dict[VisitorDay, list[Visit]]:
    """Return the visits that *facts* alone would make, by visitor-day; a fact that names nobody makes none."""
    visits: defaultdict[VisitorDay, list[Visit]] = defaultdict(list)
    for fact in facts:
        if not fact.event.visitor:
            continue
        visits[visitor_day_of(fact.event)].append(visit_of(fact.event))
    return visits


async def upsert(connection: AsyncConnection, facts: Sequence[Sequenced[VisitFact]]) -> None:
    """Merge the visits of *facts* into those that their visitors already have."""
    visits = fold(facts)
    for partition, joining in _by_partition(visits).items():
        for whose, visit in await _take_out(connection, partition, joining):
            visits[whose].append(visit)
    rows = [row_of(whose, visit) for whose, several in visits.items() for visit in merge(several)]
    await copy_rows(connection, VISITS, COLUMNS, rows)


async def erase(connection: AsyncConnection, whose: Whose) -> int:
    """Delete the visits that are *whose*, as a human and as a robot, and return how many they were."""
    columns = VISITS.c
    theirs = (columns.tenant == whose.tenant, columns.site == whose.site, columns.day == whose.day)
    gone = await connection.execute(delete(VISITS).where(*theirs, columns.visitor == whose.visitor))
    return gone.rowcount


async def erase_site(connection: AsyncConnection, tenant: str, site: str) -> int:
    """Delete every visit of *tenant*'s *site*, and return how many they were."""
    return await erase_rows(connection, VISITS, tenant, site)


def day_of(event: VisitFact) -> date:
    """Return the day whose salt made the visitor's id."""
    return event.salt_day


MODEL = ReadModel(
    name="visits",
    tables=(VISITS,),
    facts=get_args(VisitFact),
    version=1,
    upsert=upsert,
    day_of=day_of,
    erase=erase,
    erase_site=erase_site,
)


def visitor_day_of(event: VisitFact) -> VisitorDay:
    """Return whose visit the fact belongs to."""
    return VisitorDay(event.tenant, event.site, event.salt_day, bytes.fromhex(event.visitor), event.bot is not None)


def row_of(whose: VisitorDay, visit: Visit) -> Row:
    """Return the row of *visit*, in the order of COLUMNS."""
    return (
        *whose,
        visit.opened_at,
        visit.closed_at,
        visit.ended_at,
        visit.pageviews,
        visit.events,
        visit.interactions,
        *(visit.entry or _NO_STEP),
        *(visit.exit or _NO_STEP),
        [at for at, _ in visit.tail],
        [milliseconds for _, milliseconds in visit.tail],
        min(sum(milliseconds for _, milliseconds in visit.tail), _LARGEST_INTEGER),
        *((*visit.first[:3], *visit.first[3]) if visit.first else _NO_BEGINNING),
    )


def visit_in(row: Sequence[Any]) -> tuple[VisitorDay, Visit]:
    """Return what row_of was given; *row* is in the order of COLUMNS."""
    opened_at, closed_at, ended_at, pageviews, events, interactions = row[_COUNTS]
    entry, exit_, first = row[_ENTRY], row[_EXIT], row[_BEGINNING]
    return VisitorDay(*row[_WHOSE]), Visit(
        opened_at=opened_at,
        closed_at=closed_at,
        first=None if first[0] is None else (*first, tuple(row[_WORDS])),
        ended_at=ended_at,
        pageviews=pageviews,
        events=events,
        interactions=interactions,
        entry=None if entry[0] is None else tuple(entry),
        exit=None if exit_[0] is None else tuple(exit_),
        tail=tuple(zip(*row[_TAIL], strict=True)),
    )


_NO_STEP = (None, None, "")
_NO_BEGINNING = (None, None, "", *("" for _ in description.COLUMNS))

# Deleting returns what was there, in one look-up per visitor-day; only visits near enough to be joined are taken out.
_TAKE_OUT = """
    DELETE FROM {partition} AS visits USING unnest(
        CAST(:tenant AS text[]), CAST(:site AS text[]), CAST(:day AS date[]), CAST(:visitor AS bytea[]),
        CAST(:bot AS boolean[]), CAST(:since AS timestamptz[]), CAST(:until AS timestamptz[])
    ) AS wanted (tenant, site, day, visitor, bot, since, until)
    WHERE (visits.tenant, visits.site, visits.day, visits.visitor, visits.bot)
        = (wanted.tenant, wanted.site, wanted.day, wanted.visitor, wanted.bot)
    AND visits.closed_at >= wanted.since AND visits.opened_at <= wanted.until
    RETURNING {columns}
"""
_RETURNED = ", ".join(f"visits.{name}::text" if name.endswith("_id") else f"visits.{name}" for name in COLUMNS)


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
        partitions[partition_name(VISITS, whose.day)][whose] = several
    return partitions
