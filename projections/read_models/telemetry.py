"""telemetry: how often what was told on each UTC day, and who was there at which of its hours; what a report is summed from."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, date
from enum import StrEnum
from typing import NamedTuple

from sqlalchemy import BigInteger, Column, Date, Integer, Table, Text, delete, text
from sqlalchemy.ext.asyncio import AsyncConnection

from contracts.events import ActionRecorded
from projections.read_models.model import ReadModel, erase_rows
from projections.read_models.run import COMPLETED, INTERACTIVE, OUTPUT
from projections.schema import PRODUCT
from projections.stream.item import Sequenced

ERROR = "java.run.error"
# What the end of a program is called where its client does not say.
NO_EXIT, NO_OUTPUT = "0", "-"
COMPILE, RUNTIME = "compile", "runtime"
TRUNCATED = "truncatedOutput"


class What(StrEnum):
    """What is counted: of every action up to COUNTRY, of the ends of programs up to WAIT, of errors the rest."""

    EVENT = "event"
    HOUR = "hour"
    OS = "os"
    VERSION = "version"
    HOST = "host"
    COUNTRY = "country"
    EXIT = "exit"
    OUTPUT = "output"
    FLAG = "flag"
    DURATION = "duration"
    WAIT = "wait"
    PHASE = "phase"
    EXCEPTION = "exception"


class Counted(NamedTuple):
    """One row of the counts; they name nobody."""

    tenant: str
    site: str
    day: date
    what: str
    value: str


class Presence(NamedTuple):
    """Somebody was there on a day, in a country ("" where it is not known)."""

    tenant: str
    site: str
    day: date
    subject: str
    country: str


COUNTS = Table(
    "telemetry_counts",
    PRODUCT,
    Column("tenant", Text, primary_key=True),
    Column("site", Text, primary_key=True),
    Column("day", Date, primary_key=True),
    Column("what", Text, primary_key=True),
    Column("value", Text, primary_key=True),
    Column("hits", BigInteger, nullable=False),
)
# ``hours`` has a bit for each hour of the day at which they were there.
PRESENCES = Table(
    "telemetry_presences",
    PRODUCT,
    Column("tenant", Text, primary_key=True),
    Column("site", Text, primary_key=True),
    Column("day", Date, primary_key=True),
    Column("subject", Text, primary_key=True),
    Column("country", Text, primary_key=True),
    Column("hours", Integer, nullable=False),
)


def fold(facts: Iterable[Sequenced[ActionRecorded]]) -> tuple[Counter[Counted], dict[Presence, int]]:
    """Return what *facts* add to the counts, and the hours at which their subjects were there."""
    counts: Counter[Counted] = Counter()
    presences: defaultdict[Presence, int] = defaultdict(int)
    for fact in facts:
        event = fact.event
        at = event.occurred_at.astimezone(UTC)
        whose = (event.tenant, event.site, at.date())
        for what, value in _told(event, at.hour):
            counts[Counted(*whose, what.value, value)] += 1
        if event.subject:
            presences[Presence(*whose, event.subject, event.place.country)] |= 1 << at.hour
    return counts, presences


def _told(event: ActionRecorded, hour: int) -> Iterator[tuple[What, str]]:
    yield What.EVENT, event.name
    yield What.HOUR, str(hour)
    yield What.OS, event.app.os
    yield What.VERSION, event.app.version
    yield What.HOST, event.app.host_version
    yield What.COUNTRY, event.place.country
    if event.name == COMPLETED:
        yield from _told_of_an_end(event)
    if event.name == ERROR:
        yield What.PHASE, COMPILE if event.props.get("phase") == COMPILE else RUNTIME
        if exception := event.props.get("exceptionHash"):
            yield What.EXCEPTION, str(exception)


def _told_of_an_end(event: ActionRecorded) -> Iterator[tuple[What, str]]:
    props = event.props
    yield What.EXIT, NO_EXIT if event.exit_code is None else str(event.exit_code)
    yield What.OUTPUT, str(props.get(OUTPUT, NO_OUTPUT)) or NO_OUTPUT
    for flag in (INTERACTIVE, TRUNCATED):
        if props.get(flag) is True:
            yield What.FLAG, flag
    if event.duration_ms is None:
        return
    yield What.DURATION, str(event.duration_ms)
    wait = props.get("waitMsTotal")
    if isinstance(wait, int) and not isinstance(wait, bool):
        yield What.WAIT, str(wait)


_ADD = text("""
    INSERT INTO telemetry_counts AS held (tenant, site, day, what, value, hits)
    SELECT * FROM unnest(CAST(:tenant AS text[]), CAST(:site AS text[]), CAST(:day AS date[]), CAST(:what AS text[]),
                         CAST(:value AS text[]), CAST(:hits AS bigint[]))
    ON CONFLICT (tenant, site, day, what, value) DO UPDATE SET hits = held.hits + excluded.hits
""")
_SEE = text("""
    INSERT INTO telemetry_presences AS held (tenant, site, day, subject, country, hours)
    SELECT * FROM unnest(CAST(:tenant AS text[]), CAST(:site AS text[]), CAST(:day AS date[]), CAST(:subject AS text[]),
                         CAST(:country AS text[]), CAST(:hours AS integer[]))
    ON CONFLICT (tenant, site, day, subject, country) DO UPDATE SET hours = held.hours | excluded.hours
""")


async def upsert(connection: AsyncConnection, facts: Sequence[Sequenced[ActionRecorded]]) -> None:
    """Add what *facts* tell."""
    counts, presences = fold(facts)
    counted = [(*key, hits) for key, hits in sorted(counts.items())]
    await connection.execute(_ADD, _columns((*Counted._fields, "hits"), counted))
    if presences:
        seen = [(*key, hours) for key, hours in sorted(presences.items())]
        await connection.execute(_SEE, _columns((*Presence._fields, "hours"), seen))


def _columns(names: Sequence[str], rows: Sequence[tuple[object, ...]]) -> dict[str, list[object]]:
    return dict(zip(names, map(list, zip(*rows, strict=True)), strict=True))


async def erase_site(connection: AsyncConnection, tenant: str, site: str) -> int:
    """Delete all of *tenant*'s *site*, and return how many rows that were."""
    return sum([await erase_rows(connection, table, tenant, site) for table in (COUNTS, PRESENCES)])


async def erase_subject(connection: AsyncConnection, tenant: str, site: str, subject: str) -> int:
    """Delete where and when *subject* was there, and return how many rows that were; the counts name nobody."""
    whose = (PRESENCES.c.tenant == tenant, PRESENCES.c.site == site, PRESENCES.c.subject == subject)
    return (await connection.execute(delete(PRESENCES).where(*whose))).rowcount


MODEL = ReadModel(
    name="telemetry", tables=(COUNTS, PRESENCES), facts=(ActionRecorded,), version=1, upsert=upsert, erase_site=erase_site
)
