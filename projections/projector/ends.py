"""ends: how the facts of each site ended, by the hour in which they were received; moved in the transaction of their batch.

It is the stream's side of the ledger. The hour is in the fact, so a rebuild comes to the same rows.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any, Final, NamedTuple

from sqlalchemy import BigInteger, Boolean, Column, DateTime, Integer, Table, Text, text
from sqlalchemy.ext.asyncio import AsyncConnection

from contracts.tallies import hour_of
from projections.schema import BOOKS, moment
from projections.stream.item import Quarantined, Reason, Sequenced, is_imported

# A tenant and a site may be "": facts whose subject names none. ``imported`` ones came by no request: no process told of them.
ENDS = Table(
    "ends",
    BOOKS,
    Column("tenant", Text, primary_key=True),
    Column("site", Text, primary_key=True),
    Column("hour", DateTime(timezone=True), primary_key=True),
    Column("partition", Integer, primary_key=True, autoincrement=False),
    Column("ending", Text, primary_key=True),
    Column("imported", Boolean, primary_key=True, autoincrement=False),
    Column("facts", BigInteger, nullable=False),
)

# Of a generation from before there were ends: when the newest fact was received that it had dealt with by then.
ENDS_SINCE = Table(
    "ends_since",
    BOOKS,
    Column("partition", Integer, primary_key=True, autoincrement=False),
    moment("received_at"),
)

# Of a fact of which nobody can say when it came.
_NEVER: Final = datetime(1970, 1, 1, tzinfo=UTC)


class End(StrEnum):
    """How a fact of the stream ended: in the numbers, left out of them by a rule, as a repeat, set aside, or given up."""

    COUNTED = "counted"
    ROBOT = "robot"
    REPEATED = "repeated"
    QUARANTINED = "quarantined"
    DROPPED = "dropped"


class SiteHour(NamedTuple):
    """Whose facts, when they were received, how they ended, and whether they were imported."""

    tenant: str
    site: str
    hour: datetime
    ending: End
    imported: bool


def ends_of(facts: Sequence[Sequenced[Any]], kept: Sequence[Sequenced[Any]]) -> Counter[SiteHour]:
    """Return how *facts* ended, of which *kept* were applied and the others were repeats."""
    if len(kept) == len(facts):
        return _hours(facts)
    applied = {fact.seq for fact in kept}
    return _hours(kept) + _hours([fact for fact in facts if fact.seq not in applied], End.REPEATED)


def ends_of_pointers(pointers: Iterable[Quarantined]) -> Counter[SiteHour]:
    """Return how the facts ended that *pointers* point to."""
    return Counter(
        SiteHour(
            pointer.tenant,
            pointer.site,
            hour_of((pointer.came_at or _NEVER).astimezone(UTC)),
            End.DROPPED if pointer.reason is Reason.LEFT_OUT else End.QUARANTINED,
            pointer.imported,
        )
        for pointer in pointers
    )


def _hours(facts: Sequence[Sequenced[Any]], ending: End | None = None) -> Counter[SiteHour]:
    """Count *facts* by site and hour; plain first, for there are many facts and few hours of few sites."""
    counted: Counter[SiteHour] = Counter()
    seen = Counter([_plainly(fact.event) for fact in facts])
    for (tenant, site, (year, month, day, hour), robot, batch), many in seen.items():
        end = ending or (End.ROBOT if robot else End.COUNTED)
        key = SiteHour(tenant, site, datetime(year, month, day, hour, tzinfo=UTC), end, is_imported(batch))
        counted[key] += many
    return counted


def _plainly(event: Any) -> tuple[str, str, tuple[int, int, int, int], bool, str | None]:
    at = event.received_at
    if at.tzinfo is not UTC:  # as we write it, it is
        at = at.astimezone(UTC)
    # Only the facts of the web come from robots, and are kept.
    robot = getattr(event, "bot", None) is not None
    return event.tenant, event.site, (at.year, at.month, at.day, at.hour), robot, event.batch


# A part of move_position's statement: ``moved`` holds the position's row, or nothing when it was not ours to move.
ADD_ENDS = """
    INSERT INTO ends (tenant, site, hour, partition, ending, imported, facts)
    SELECT ended.tenant, ended.site, ended.hour, moved.partition, ended.ending, ended.imported, ended.facts
    FROM moved, unnest(CAST(:end_tenants AS text[]), CAST(:end_sites AS text[]), CAST(:end_hours AS timestamptz[]),
                       CAST(:endings AS text[]), CAST(:imports AS boolean[]), CAST(:facts AS bigint[]))
        AS ended (tenant, site, hour, ending, imported, facts)
    ON CONFLICT (tenant, site, hour, partition, ending, imported) DO UPDATE SET facts = ends.facts + excluded.facts
"""
_ADD = text(f"WITH moved AS (SELECT CAST(:partition AS integer) AS partition) {ADD_ENDS}")
_TIDY = text("DELETE FROM ends WHERE partition = :partition AND facts <= 0")


def as_columns(ends: Mapping[SiteHour, int]) -> dict[str, list[Any]]:
    """Return *ends* as ADD_ENDS takes them."""
    keys = list(ends)
    return {
        "end_tenants": [key.tenant for key in keys],
        "end_sites": [key.site for key in keys],
        "end_hours": [key.hour for key in keys],
        "endings": [key.ending.value for key in keys],
        "imports": [key.imported for key in keys],
        "facts": [ends[key] for key in keys],
    }


async def add_ends(connection: AsyncConnection, partition: int, ends: Mapping[SiteHour, int]) -> None:
    """Add *ends* to what there is of *partition*, without moving its position."""
    if ends:
        await connection.execute(_ADD, as_columns(ends) | {"partition": partition})


async def take_ends(connection: AsyncConnection, partition: int, ends: Mapping[SiteHour, int]) -> None:
    """Take *ends* away again: the facts end otherwise now."""
    await add_ends(connection, partition, {key: -many for key, many in ends.items()})
    await connection.execute(_TIDY, {"partition": partition})
