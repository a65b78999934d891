"""telemetry: how often what was told on each UTC day, and who was there at which of its hours; what a report is summed from."""

import hashlib
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, date
from enum import StrEnum
from typing import Final, NamedTuple
from uuid import UUID

from sqlalchemy import BigInteger, Column, Date, Integer, Numeric, Table, Text, Uuid, delete, text
from sqlalchemy.dialects.postgresql import ARRAY
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
_PSEUDONYM: Final = re.compile(r"[0-9a-f]{32}")


class What(StrEnum):
    """What is counted: of every action up to COUNTRY, of the ends of programs up to FLAG, of errors the rest."""

    EVENT = "event"
    HOUR = "hour"
    OS = "os"
    VERSION = "version"
    HOST = "host"
    COUNTRY = "country"
    EXIT = "exit"
    OUTPUT = "output"
    FLAG = "flag"
    PHASE = "phase"
    EXCEPTION = "exception"


class Counted(NamedTuple):
    """One row of the counts; they name nobody."""

    tenant: str
    site: str
    day: date
    what: str
    value: str


class Lasted(NamedTuple):
    """The programs that ran for so many milliseconds on a day."""

    tenant: str
    site: str
    day: date
    ms: int


class Waits(NamedTuple):
    """How many programs those were, how many told how long they waited for input, and how long that was in all."""

    ends: int
    told: int
    wait_ms: int

    def plus(self, other: "Waits") -> "Waits":
        """Return both together."""
        return Waits(self.ends + other.ends, self.told + other.told, self.wait_ms + other.wait_ms)


class Presence(NamedTuple):
    """Somebody was there on a day."""

    tenant: str
    site: str
    day: date
    person: str


class Seen(NamedTuple):
    """At which hours, a bit for each, and in which countries; "" is one that is not known."""

    hours: int
    countries: frozenset[str]


class Folded(NamedTuple):
    """What some facts add."""

    counts: Counter[Counted]
    lasted: dict[Lasted, Waits]
    presences: dict[Presence, Seen]


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
LASTED = Table(
    "telemetry_durations",
    PRODUCT,
    Column("tenant", Text, primary_key=True),
    Column("site", Text, primary_key=True),
    Column("day", Date, primary_key=True),
    Column("ms", BigInteger, primary_key=True, autoincrement=False),
    Column("ends", BigInteger, nullable=False),
    Column("told", BigInteger, nullable=False),
    Column("wait_ms", Numeric, nullable=False),
)
# ``person`` stands for a subject in sixteen bytes, which are quicker to tell apart than a text of any length.
PRESENCES = Table(
    "telemetry_presences",
    PRODUCT,
    Column("tenant", Text, primary_key=True),
    Column("site", Text, primary_key=True),
    Column("day", Date, primary_key=True),
    Column("person", Uuid(as_uuid=False), primary_key=True),
    Column("hours", Integer, nullable=False),
    Column("countries", ARRAY(Text), nullable=False),
)


def fold(facts: Iterable[Sequenced[ActionRecorded]]) -> Folded:
    """Return what *facts* add."""
    folded = Folded(Counter(), {}, {})
    for fact in facts:
        event = fact.event
        at = event.occurred_at.astimezone(UTC)
        whose = (event.tenant, event.site, at.date())
        for what, value in _told(event, at.hour):
            folded.counts[Counted(*whose, what.value, value)] += 1
        if event.name == COMPLETED and event.duration_ms is not None:
            lasted, waits = Lasted(*whose, event.duration_ms), _waits(event)
            folded.lasted[lasted] = folded.lasted[lasted].plus(waits) if lasted in folded.lasted else waits
        if event.subject:
            here = Presence(*whose, person_of(event.subject))
            hours, countries = folded.presences.get(here, _NOWHERE)
            folded.presences[here] = Seen(hours | 1 << at.hour, countries | {event.place.country})
    return folded


_NOWHERE: Final = Seen(0, frozenset())


def person_of(subject: str) -> str:
    """Return the UUID that stands for *subject*: its own digits where it is a pseudonym, else those of its hash."""
    digits = subject if _PSEUDONYM.fullmatch(subject) else hashlib.blake2b(subject.encode(), digest_size=16).hexdigest()
    return str(UUID(digits))


def _waits(event: ActionRecorded) -> Waits:
    wait = event.props.get("waitMsTotal")
    is_told = isinstance(wait, int) and not isinstance(wait, bool)
    return Waits(1, int(is_told), wait if is_told and isinstance(wait, int) else 0)


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


_ADD = text("""
    INSERT INTO telemetry_counts AS held (tenant, site, day, what, value, hits)
    SELECT * FROM unnest(CAST(:tenant AS text[]), CAST(:site AS text[]), CAST(:day AS date[]), CAST(:what AS text[]),
                         CAST(:value AS text[]), CAST(:hits AS bigint[]))
    ON CONFLICT (tenant, site, day, what, value) DO UPDATE SET hits = held.hits + excluded.hits
""")
_LAST = text("""
    INSERT INTO telemetry_durations AS held (tenant, site, day, ms, ends, told, wait_ms)
    SELECT * FROM unnest(CAST(:tenant AS text[]), CAST(:site AS text[]), CAST(:day AS date[]), CAST(:ms AS bigint[]),
                         CAST(:ends AS bigint[]), CAST(:told AS bigint[]), CAST(:wait_ms AS numeric[]))
    ON CONFLICT (tenant, site, day, ms) DO UPDATE
    SET ends = held.ends + excluded.ends, told = held.told + excluded.told, wait_ms = held.wait_ms + excluded.wait_ms
""")
# A list of lists has to be of one length, so the countries come as a text: none has a comma in its code.
_SEE = text("""
    INSERT INTO telemetry_presences AS held (tenant, site, day, person, hours, countries)
    SELECT tenant, site, day, person, hours, CASE countries WHEN '' THEN ARRAY[''] ELSE string_to_array(countries, ',') END
    FROM unnest(CAST(:tenant AS text[]), CAST(:site AS text[]), CAST(:day AS date[]), CAST(:person AS uuid[]),
                CAST(:hours AS integer[]), CAST(:countries AS text[])) AS new (tenant, site, day, person, hours, countries)
    ON CONFLICT (tenant, site, day, person) DO UPDATE SET
        hours = held.hours | excluded.hours,
        countries = CASE WHEN held.countries @> excluded.countries THEN held.countries
                    ELSE ARRAY(SELECT DISTINCT unnest(held.countries || excluded.countries) ORDER BY 1) END
""")


async def upsert(connection: AsyncConnection, facts: Sequence[Sequenced[ActionRecorded]]) -> None:
    """Add what *facts* tell."""
    counts, lasted, presences = fold(facts)
    counted = [(*key, hits) for key, hits in sorted(counts.items())]
    await connection.execute(_ADD, _columns((*Counted._fields, "hits"), counted))
    if lasted:
        ended = [(*key, *waits) for key, waits in sorted(lasted.items())]
        await connection.execute(_LAST, _columns((*Lasted._fields, *Waits._fields), ended))
    if presences:
        seen = [(*key, said.hours, ",".join(sorted(said.countries))) for key, said in sorted(presences.items())]
        await connection.execute(_SEE, _columns((*Presence._fields, *Seen._fields), seen))


def _columns(names: Sequence[str], rows: Sequence[tuple[object, ...]]) -> dict[str, list[object]]:
    return dict(zip(names, map(list, zip(*rows, strict=True)), strict=True))


async def erase_site(connection: AsyncConnection, tenant: str, site: str) -> int:
    """Delete all of *tenant*'s *site*, and return how many rows that were."""
    return sum([await erase_rows(connection, table, tenant, site) for table in MODEL.tables])


async def erase_subject(connection: AsyncConnection, tenant: str, site: str, subject: str) -> int:
    """Delete where and when *subject* was there, and return how many rows that were; the counts name nobody."""
    whose = (PRESENCES.c.tenant == tenant, PRESENCES.c.site == site, PRESENCES.c.person == person_of(subject))
    return (await connection.execute(delete(PRESENCES).where(*whose))).rowcount


MODEL = ReadModel(
    name="telemetry",
    tables=(COUNTS, LASTED, PRESENCES),
    facts=(ActionRecorded,),
    version=1,
    upsert=upsert,
    erase_site=erase_site,
)
