"""log_counts: how many lines of each type and priority were received in each hour, so that a total needs no look at them."""

from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from typing import NamedTuple

from sqlalchemy import BigInteger, Column, DateTime, Table, Text
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from contracts.events import LogRecorded
from projections.read_models.model import ReadModel, erase_rows
from projections.schema import LOGS as TABLES
from projections.stream.item import Sequenced


class Hour(NamedTuple):
    """What lines are counted by."""

    tenant: str
    site: str
    hour: datetime
    kind: str
    priority: str


LOG_COUNTS = Table(
    "log_counts",
    TABLES,
    Column("tenant", Text, primary_key=True),
    Column("site", Text, primary_key=True),
    Column("hour", DateTime(timezone=True), primary_key=True),  # a UTC hour of received_at
    Column("kind", Text, primary_key=True),
    Column("priority", Text, primary_key=True),
    Column("lines", BigInteger, nullable=False),
)
_KEYS = list(Hour._fields)


def fold(facts: Iterable[Sequenced[LogRecorded]]) -> Counter[Hour]:
    """Return how many of *facts* there are of each sort."""
    return Counter(_hour_of(fact.event) for fact in facts)


async def upsert(connection: AsyncConnection, facts: Sequence[Sequenced[LogRecorded]]) -> None:
    """Add *facts* to what was counted before."""
    # Sorted, so that two transactions would lock rows in the same order.
    rows = [{**hour._asdict(), "lines": lines} for hour, lines in sorted(fold(facts).items())]
    new = insert(LOG_COUNTS).values(rows)
    added = {"lines": LOG_COUNTS.c.lines + new.excluded.lines}
    await connection.execute(new.on_conflict_do_update(index_elements=_KEYS, set_=added))


async def erase_site(connection: AsyncConnection, tenant: str, site: str) -> int:
    """Delete every count of *tenant*'s *site*, and return how many they were."""
    return await erase_rows(connection, LOG_COUNTS, tenant, site)


MODEL = ReadModel(
    name="log_counts", tables=(LOG_COUNTS,), facts=(LogRecorded,), version=1, upsert=upsert, erase_site=erase_site
)


def _hour_of(event: LogRecorded) -> Hour:
    hour = event.received_at.astimezone(UTC).replace(minute=0, second=0, microsecond=0)
    return Hour(event.tenant, event.site, hour, event.kind.value, event.priority.value)
