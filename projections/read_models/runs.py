"""runs: one row for each session of a program that an app ran, and for each end of one that named no session."""

from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

from sqlalchemy import BigInteger, Boolean, Column, DateTime, Index, Table, Text, delete, func, or_
from sqlalchemy.dialects.postgresql import insert
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
_KEYS = tuple(column.name for column in RUNS.primary_key)
# A statement has room for 32,767 values.
_ROWS_AT_ONCE = 2000


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
    rows = [_row_of(whose, run) for whose, run in sorted(fold(facts).items(), key=lambda entry: entry[0])]
    for start in range(0, len(rows), _ROWS_AT_ONCE):
        new = insert(RUNS).values(rows[start : start + _ROWS_AT_ONCE])
        said, held = new.excluded, RUNS.c
        # As join() does; LEAST and GREATEST pass over what is null.
        merged = {
            "started_at": func.least(held.started_at, said.started_at),
            "is_interactive": or_(held.is_interactive, said.is_interactive),
            **{
                name: func.greatest(held[name], said[name])
                for name in ("last_at", "ended_at", "exit_code", "duration_ms", "output")
            },
        }
        await connection.execute(new.on_conflict_do_update(index_elements=_KEYS, set_=merged))


async def erase_site(connection: AsyncConnection, tenant: str, site: str) -> int:
    """Delete every run of *tenant*'s *site*, and return how many they were."""
    return await erase_rows(connection, RUNS, tenant, site)


async def erase_subject(connection: AsyncConnection, tenant: str, site: str, subject: str) -> int:
    """Delete the runs of *subject*, and return how many they were."""
    whose = (RUNS.c.tenant == tenant, RUNS.c.site == site, RUNS.c.subject == subject)
    return (await connection.execute(delete(RUNS).where(*whose))).rowcount


MODEL = ReadModel(name="runs", tables=(RUNS,), facts=(ActionRecorded,), version=1, upsert=upsert, erase_site=erase_site)


def _row_of(whose: Session, run: Run) -> dict[str, Any]:
    return {
        **whose._asdict(),
        "started_at": run.started_at,
        "last_at": run.last_at,
        "ended_at": run.ended_at,
        "exit_code": run.exit_code,
        "duration_ms": run.duration_ms,
        "is_interactive": run.is_interactive,
        "output": run.output,
    }
