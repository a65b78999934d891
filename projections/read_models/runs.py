"""runs: one row for each session of a program that an app ran, and for each end of one that named no session."""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from msgspec import structs
from sqlalchemy import BigInteger, Boolean, Column, DateTime, Index, Table, Text, delete, text
from sqlalchemy.ext.asyncio import AsyncConnection

from contracts.events import ActionRecorded
from projections.read_models.model import ReadModel, erase_rows
from projections.read_models.run import COMPLETED, Run, join, run_of
from projections.schema import PRODUCT, moment, words
from projections.stream.item import Sequenced


class Session(NamedTuple):
    """Whose run: a session means nothing without its subject, for clients number theirs as they like."""

    tenant: str
    site: str
    subject: str
    session: str
    fact: str  # the end's own id where no session was named


RUNS = Table(
    "runs",
    PRODUCT,
    Column("tenant", Text, primary_key=True),
    Column("site", Text, primary_key=True),
    Column("subject", Text, primary_key=True),
    Column("session", Text, primary_key=True),
    Column("fact", Text, primary_key=True),
    moment("started_at"),
    moment("last_at"),
    Column("ended_at", DateTime(timezone=True), nullable=True),
    Column("exit_code", BigInteger, nullable=True),
    Column("duration_ms", BigInteger, nullable=False),
    Column("is_interactive", Boolean, nullable=False),
    words("output"),
    Index("runs_by_last", "tenant", "site", "last_at"),
    Index("runs_ranked", "tenant", "site", "exit_code", "is_interactive", "duration_ms"),
)
# As join() does; LEAST and GREATEST pass over what is null. Texts are compared as Python does, whatever the database's locale.
_MERGE = text("""
    INSERT INTO runs AS held (tenant, site, subject, session, fact, started_at, last_at, ended_at, exit_code, duration_ms,
                              is_interactive, output)
    SELECT * FROM unnest(CAST(:tenant AS text[]), CAST(:site AS text[]), CAST(:subject AS text[]), CAST(:session AS text[]),
                         CAST(:fact AS text[]), CAST(:started_at AS timestamptz[]), CAST(:last_at AS timestamptz[]),
                         CAST(:ended_at AS timestamptz[]), CAST(:exit_code AS bigint[]), CAST(:duration_ms AS bigint[]),
                         CAST(:is_interactive AS boolean[]), CAST(:output AS text[]))
    ON CONFLICT (tenant, site, subject, session, fact) DO UPDATE SET
        started_at = least(held.started_at, excluded.started_at),
        last_at = greatest(held.last_at, excluded.last_at),
        ended_at = greatest(held.ended_at, excluded.ended_at),
        exit_code = greatest(held.exit_code, excluded.exit_code),
        duration_ms = greatest(held.duration_ms, excluded.duration_ms),
        is_interactive = held.is_interactive OR excluded.is_interactive,
        output = greatest(held.output COLLATE "C", excluded.output COLLATE "C")
""")


def fold(facts: Iterable[Sequenced[ActionRecorded]]) -> dict[Session, Run]:
    """Return the runs that *facts* alone would make; an action of no session is none, unless it is a program's end."""
    runs: dict[Session, Run] = {}
    for fact in facts:
        event = fact.event
        if not event.session and event.name != COMPLETED:
            continue
        whose = Session(event.tenant, event.site, event.subject, event.session, "" if event.session else event.id)
        run = run_of(event)
        runs[whose] = join(runs[whose], run) if whose in runs else run
    return runs


async def upsert(connection: AsyncConnection, facts: Sequence[Sequenced[ActionRecorded]]) -> None:
    """Merge the runs of *facts* into those that are there."""
    # Sorted, so that two transactions would lock rows in the same order.
    rows = [(*whose, *structs.astuple(run)) for whose, run in sorted(fold(facts).items(), key=lambda entry: entry[0])]
    if rows:
        columns = map(list, zip(*rows, strict=True))
        await connection.execute(_MERGE, dict(zip((*Session._fields, *Run.__struct_fields__), columns, strict=True)))


async def erase_site(connection: AsyncConnection, tenant: str, site: str) -> int:
    """Delete every run of *tenant*'s *site*, and return how many they were."""
    return await erase_rows(connection, RUNS, tenant, site)


async def erase_subject(connection: AsyncConnection, tenant: str, site: str, subject: str) -> int:
    """Delete the runs of *subject*, and return how many they were."""
    whose = (RUNS.c.tenant == tenant, RUNS.c.site == site, RUNS.c.subject == subject)
    return (await connection.execute(delete(RUNS).where(*whose))).rowcount


MODEL = ReadModel(name="runs", tables=(RUNS,), facts=(ActionRecorded,), version=1, upsert=upsert, erase_site=erase_site)
