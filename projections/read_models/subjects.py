"""subjects and stays: who uses an app, what they are like, and when they were there; thirty minutes of nothing end a stay."""

import functools
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple, get_args

import msgspec
from sqlalchemy import BigInteger, Column, DateTime, Index, Table, Text, delete, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.ext.asyncio import AsyncConnection

from projections.database import copy_rows
from projections.read_models.model import ReadModel, erase_rows
from projections.read_models.subject import IDLE, Stay, Subject, SubjectFact, Told, join, merge, stay_of, subject_of
from projections.schema import PRODUCT, moment
from projections.stream.item import Sequenced


class Whom(NamedTuple):
    """One subject of a site; the same pseudonym on another site is somebody else's."""

    tenant: str
    site: str
    subject: str


def _whom() -> tuple[Column[str], ...]:
    return tuple(Column(name, Text, primary_key=True) for name in Whom._fields)


# The columns stand in the order in which they are written. ``traits`` is what is asked for, ``told`` when and by which fact
# each of them was told, without which facts that come late could not be put in their place.
SUBJECTS = Table(
    "subjects",
    PRODUCT,
    *_whom(),
    moment("first_seen"),
    moment("last_seen"),
    Column("actions", BigInteger, nullable=False),
    Column("descriptions", BigInteger, nullable=False),
    Column("stays", BigInteger, nullable=False),
    Column("traits", JSONB, nullable=False),
    Column("told", JSONB, nullable=False),
    Index("subjects_by_last_seen", "tenant", "site", "last_seen"),
)
STAYS = Table(
    "stays",
    PRODUCT,
    *_whom(),
    Column("opened_at", DateTime(timezone=True), primary_key=True),
    moment("closed_at"),
    Column("actions", BigInteger, nullable=False),
    Index("stays_by_time", "tenant", "site", "opened_at"),
)

_TOLD = msgspec.json.Decoder(dict[str, Told])


async def upsert(connection: AsyncConnection, facts: Sequence[Sequenced[SubjectFact]]) -> None:
    """Merge what *facts* say of their subjects into what is known of them; a fact that names nobody says nothing."""
    found = _by_subject(facts)
    if not found:
        return
    changes = await _upsert_stays(connection, {whom: [stay_of(event) for event in events] for whom, events in found.items()})
    said = {whom: functools.reduce(join, map(subject_of, events)) for whom, events in found.items()}
    known = await _take_subjects(connection, list(said))
    rows = []
    for whom, subject in said.items():
        before, stays = known.get(whom, (None, 0))
        after = subject if before is None else join(before, subject)
        rows.append(_subject_row(whom, after, stays + changes[whom]))
    await copy_rows(connection, SUBJECTS, SUBJECTS.columns.keys(), rows)


async def erase_site(connection: AsyncConnection, tenant: str, site: str) -> int:
    """Delete every subject and stay of *tenant*'s *site*, and return how many rows that were."""
    return sum([await erase_rows(connection, table, tenant, site) for table in MODEL.tables])


async def erase_subject(connection: AsyncConnection, tenant: str, site: str, subject: str) -> int:
    """Delete what is known of *subject*, and return how many rows that were."""
    rows = 0
    for table in MODEL.tables:
        theirs = (table.c.tenant == tenant, table.c.site == site, table.c.subject == subject)
        rows += (await connection.execute(delete(table).where(*theirs))).rowcount
    return rows


MODEL = ReadModel(
    name="subjects",
    tables=(SUBJECTS, STAYS),
    facts=get_args(SubjectFact),
    version=1,
    upsert=upsert,
    erase_site=erase_site,
)


def _by_subject(facts: Iterable[Sequenced[SubjectFact]]) -> dict[Whom, list[SubjectFact]]:
    found: defaultdict[Whom, list[SubjectFact]] = defaultdict(list)
    for fact in facts:
        event = fact.event
        if event.subject:
            found[Whom(event.tenant, event.site, event.subject)].append(event)
    return found


# Deleting returns what was there, in one look-up per subject; only stays near enough to be joined are taken out.
_TAKE_STAYS = text("""
    DELETE FROM stays USING unnest(
        CAST(:tenant AS text[]), CAST(:site AS text[]), CAST(:subject AS text[]),
        CAST(:since AS timestamptz[]), CAST(:until AS timestamptz[])
    ) AS wanted (tenant, site, subject, since, until)
    WHERE (stays.tenant, stays.site, stays.subject) = (wanted.tenant, wanted.site, wanted.subject)
    AND stays.closed_at >= wanted.since AND stays.opened_at <= wanted.until
    RETURNING stays.tenant, stays.site, stays.subject, stays.opened_at, stays.closed_at, stays.actions
""")
_TAKE_SUBJECTS = text("""
    DELETE FROM subjects USING unnest(CAST(:tenant AS text[]), CAST(:site AS text[]), CAST(:subject AS text[]))
        AS wanted (tenant, site, subject)
    WHERE (subjects.tenant, subjects.site, subjects.subject) = (wanted.tenant, wanted.site, wanted.subject)
    RETURNING subjects.tenant, subjects.site, subjects.subject, first_seen, last_seen, actions, descriptions, stays, told::text
""")


async def _upsert_stays(connection: AsyncConnection, stays: Mapping[Whom, list[Stay]]) -> dict[Whom, int]:
    """Merge *stays* into those that there are, and return by how many each subject has more or fewer than before."""
    near = {
        "since": [min(stay.opened_at for stay in several) - IDLE for several in stays.values()],
        "until": [max(stay.closed_at for stay in several) + IDLE for several in stays.values()],
    }
    all_of = {whom: list(several) for whom, several in stays.items()}
    changes = dict.fromkeys(stays, 0)
    for row in await connection.execute(_TAKE_STAYS, _wanted(list(stays)) | near):
        whom = Whom(*row[:3])
        changes[whom] -= 1
        all_of[whom].append(Stay(opened_at=row.opened_at, closed_at=row.closed_at, actions=row.actions))
    rows = []
    for whom, several in all_of.items():
        merged = merge(several)
        changes[whom] += len(merged)
        rows += [(*whom, stay.opened_at, stay.closed_at, stay.actions) for stay in merged]
    await copy_rows(connection, STAYS, STAYS.columns.keys(), rows)
    return changes


async def _take_subjects(connection: AsyncConnection, whom: Sequence[Whom]) -> dict[Whom, tuple[Subject, int]]:
    """Take out what is known of each of *whom*, with the number of their stays."""
    found = {}
    for row in await connection.execute(_TAKE_SUBJECTS, _wanted(whom)):
        subject = Subject(
            first_seen=row.first_seen,
            last_seen=row.last_seen,
            actions=row.actions,
            descriptions=row.descriptions,
            traits=_TOLD.decode(row.told),
        )
        found[Whom(*row[:3])] = (subject, row.stays)
    return found


def _wanted(whom: Sequence[Whom]) -> dict[str, Any]:
    return dict(zip(Whom._fields, map(list, zip(*whom, strict=True)), strict=True))


def _subject_row(whom: Whom, subject: Subject, stays: int) -> tuple[Any, ...]:
    values = {name: told.value for name, told in sorted(subject.traits.items())}
    return (
        *whom,
        subject.first_seen,
        subject.last_seen,
        subject.actions,
        subject.descriptions,
        stays,
        msgspec.json.encode(values).decode(),
        msgspec.json.encode(dict(sorted(subject.traits.items()))).decode(),
    )
