"""telemetry: how often what was told on each UTC day, and who was there at which of its hours; what a report is summed from."""

import hashlib
import itertools
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, date
from enum import StrEnum
from typing import Any, Final, NamedTuple
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
# Of the names, versions and systems of one person on one day: a caller that makes one up for each action fills no row without
# end, which each batch would write again; the first by name are kept, in any order.
MOST_SEEN: Final = 500
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
    """At which hours, a bit for each, in which countries ("" is one that is not known), and what was done with what."""

    hours: int
    countries: frozenset[str]
    names: frozenset[str]
    versions: frozenset[str]
    systems: frozenset[str]

    def plus(self, other: "Seen") -> "Seen":
        """Return both together."""
        return Seen(self.hours | other.hours, *(mine | theirs for mine, theirs in zip(self[1:], other[1:], strict=True)))

    def kept(self) -> Iterator[list[str]]:
        """Yield as much of each set as is kept, in order."""
        return (sorted(each)[:MOST_SEEN] for each in self[1:])


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
# ``person`` stands for a subject in sixteen bytes, which are quicker to tell apart than a text of any length; PERSON is that in
# the words of Postgres, of a row that has a subject.
PERSON: Final = """(
    CASE WHEN subject ~ '^[0-9a-f]{32}$' THEN subject ELSE left(encode(sha256(convert_to(subject, 'UTF8')), 'hex'), 32) END
)::uuid"""
PRESENCES = Table(
    "telemetry_presences",
    PRODUCT,
    Column("tenant", Text, primary_key=True),
    Column("site", Text, primary_key=True),
    Column("day", Date, primary_key=True),
    Column("person", Uuid(as_uuid=False), primary_key=True),
    Column("hours", Integer, nullable=False),
    *(Column(name, ARRAY(Text), nullable=False) for name in Seen._fields[1:]),
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
            here, seen = Presence(*whose, person_of(event.subject)), _seen(event, at.hour)
            before = folded.presences.get(here)
            folded.presences[here] = seen if before is None else before.plus(seen)
    return folded


def _seen(event: ActionRecorded, hour: int) -> Seen:
    told = (event.name, event.app.version, event.app.os)
    return Seen(1 << hour, frozenset({event.place.country}), *(frozenset({one} if one else ()) for one in told))


def person_of(subject: str) -> str:
    """Return the UUID that stands for *subject*: its own digits where it is a pseudonym, else those of its hash."""
    digits = subject if _PSEUDONYM.fullmatch(subject) else hashlib.sha256(subject.encode()).hexdigest()[:32]
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
# In the order in which Python has them, whatever the database's locale.
_MERGED = ", ".join(
    f"{name} = CASE WHEN held.{name} @> excluded.{name} THEN held.{name} ELSE ARRAY("
    f'SELECT DISTINCT one COLLATE "C" FROM unnest(held.{name} || excluded.{name}) AS one ORDER BY 1 LIMIT {MOST_SEEN}) END'
    for name in Seen._fields[1:]
)
# A list of lists has to be of one length, so each set comes as a text, cut by a character that is in none.
_SEE = text(f"""
    INSERT INTO telemetry_presences AS held (tenant, site, day, person, hours, countries, names, versions, systems)
    SELECT tenant, site, day, person, hours,
           CASE countries WHEN '' THEN ARRAY[''] ELSE string_to_array(countries, :cut) END,
           string_to_array(names, :cut), string_to_array(versions, :cut), string_to_array(systems, :cut)
    FROM unnest(CAST(:tenant AS text[]), CAST(:site AS text[]), CAST(:day AS date[]), CAST(:person AS uuid[]),
                CAST(:hours AS integer[]), CAST(:countries AS text[]), CAST(:names AS text[]), CAST(:versions AS text[]),
                CAST(:systems AS text[]))
        AS new (tenant, site, day, person, hours, countries, names, versions, systems)
    ON CONFLICT (tenant, site, day, person) DO UPDATE SET
        hours = held.hours | excluded.hours,
        {_MERGED}
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
        cut = _in_none(presences.values())
        seen = [(*key, said.hours, *map(cut.join, said.kept())) for key, said in sorted(presences.items())]
        await connection.execute(_SEE, _columns((*Presence._fields, *Seen._fields), seen) | {"cut": cut})


def _in_none(presences: Iterable[Seen]) -> str:
    """Return a character that nothing of what was seen has in it; of those that controlled teleprinters, one is unused."""
    said = {character for seen in presences for each in seen[1:] for one in each for character in one}
    return next(chr(code) for code in itertools.count(0x1F) if chr(code) not in said)


def _columns(names: Sequence[str], rows: Sequence[tuple[object, ...]]) -> dict[str, Any]:
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
    version=2,
    upsert=upsert,
    erase_site=erase_site,
)
