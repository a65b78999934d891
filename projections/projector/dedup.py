"""Which facts count: the first of each event id in stream order, for a horizon around it and for ever within imports.

NATS forgets an id after its window; this is the second filter, for retries that come later. It compares the facts' own
``received_at`` and never a clock, so that a rebuild keeps and drops exactly what the live run did.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from hashlib import blake2b
from itertools import groupby
from typing import Any, NamedTuple, TypeAlias

from sqlalchemy import BigInteger, Column, DateTime, Index, Table, Uuid, delete, text
from sqlalchemy.ext.asyncio import AsyncConnection

from contracts.events import Fact
from projections.database import copy_rows
from projections.schema import BOOKS
from projections.stream.item import Sequenced

HORIZON = timedelta(days=7)

# When an event id was counted. Partitioned by the day of received_at, so that a day's ids go as one (days.py). A site is a
# number made of its name, the same in every generation: its text and its tenant's would be most of the row and of the index. No
# two rows of a partition are alike, which the position sees to; an index that says so as well would be a third larger.
SEEN = Table(
    "seen_events",
    BOOKS,
    Column("received_at", DateTime(timezone=True), primary_key=True),
    Column("event_id", Uuid(as_uuid=False), primary_key=True),
    Column("site", BigInteger, primary_key=True, autoincrement=False),
    Index("seen_events_by_id", "event_id"),
    postgresql_partition_by="RANGE (received_at)",
)

# The event ids that imports brought, for ever.
IMPORTED = Table(
    "imported_events",
    BOOKS,
    Column("event_id", Uuid(as_uuid=False), primary_key=True),
    Column("site", BigInteger, primary_key=True, autoincrement=False),
)

Key: TypeAlias = tuple[str, str, str]


class Sighting(NamedTuple):
    """When a fact of an event id was counted (None: at some time), and whether an import brought it."""

    received_at: datetime | None
    imported: bool


async def keep_first(connection: AsyncConnection, facts: Sequence[Sequenced[Any]]) -> list[Sequenced[Any]]:
    """Return those of *facts* that are not repeats, and remember their ids."""
    kept = first_of_each(facts, await _sightings(connection, [fact.event for fact in facts]))
    events = [fact.event for fact in kept]
    rows = [(event.received_at, event.id, site_number(event.tenant, event.site)) for event in events]
    await copy_rows(connection, SEEN, SEEN.columns.keys(), rows)
    if imported := [(event.id, site_number(event.tenant, event.site)) for event in events if event.batch is not None]:
        await copy_rows(connection, IMPORTED, IMPORTED.columns.keys(), imported)
    return kept


def first_of_each(facts: Iterable[Sequenced[Any]], before: Mapping[Key, Sequence[Sighting]]) -> list[Sequenced[Any]]:
    """Return the facts that repeat neither what was sighted *before* nor each other."""
    kept: list[Sequenced[Any]] = []
    counted: dict[Key, tuple[Fact, ...]] = {}
    for fact in facts:
        event = fact.event
        key = (event.id, event.tenant, event.site)
        earlier = counted.get(key, ())
        # There is nearly never an earlier one, and this is done for every fact.
        if (earlier or key in before) and any(_repeats(event, seen) for seen in (*before.get(key, ()), *_sighted(earlier))):
            continue
        kept.append(fact)
        counted[key] = (*earlier, event)
    return kept


def _sighted(events: Iterable[Fact]) -> Iterator[Sighting]:
    return (Sighting(event.received_at, event.batch is not None) for event in events)


def _repeats(event: Fact, seen: Sighting) -> bool:
    if seen.imported and event.batch is not None:
        return True
    if seen.received_at is None:
        return False
    if is_ours(event):
        return event.received_at == seen.received_at
    return abs(event.received_at - seen.received_at) <= HORIZON


def is_ours(event: Fact) -> bool:
    """Tell whether the fact's id was made when it was received, so that it can have been counted as of that moment alone.

    Callers' own ids, and those derived from a caller's key, may come back on any day of the horizon.
    """
    id_ = event.id
    # A version 7 UUID begins with the millisecond in which it was made.
    return id_[14] == "7" and event.batch is None and int(id_[:8] + id_[9:13], 16) == _milliseconds(event.received_at)


_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND = timedelta(milliseconds=1)


def _milliseconds(at: datetime) -> int:
    return (at - _EPOCH) // _MILLISECOND


@lru_cache(maxsize=65_536)
def site_number(tenant: str, site: str) -> int:
    """Return the number by which the ids of *tenant*'s *site* are known."""
    return int.from_bytes(blake2b(f"{tenant}\0{site}".encode(), digest_size=8).digest(), signed=True)


async def forget_site(connection: AsyncConnection, tenant: str, site: str) -> None:
    """Delete what is remembered of *tenant*'s *site*."""
    for table in (SEEN, IMPORTED):
        await connection.execute(delete(table).where(table.c.site == site_number(tenant, site)))


# By id alone: ids are all but unique, and the few that two sites share are told apart by the key. Between two moments, so that
# only those days are looked into.
_COUNTED = """
    SELECT CAST(event_id AS text), site, received_at, false FROM seen_events
    WHERE received_at BETWEEN :since_{0} AND :until_{0} AND event_id = ANY (CAST(:ids_{0} AS uuid[]))
"""
_IMPORTED = """
    SELECT CAST(event_id AS text), site, CAST(NULL AS timestamptz), true FROM imported_events
    WHERE event_id = ANY (CAST(:ids AS uuid[]))
"""
# A batch of one day asks two or three times, in one statement; one of very many days must not plan for all of them at once.
_AT_ONCE = 8


async def _sightings(connection: AsyncConnection, events: Sequence[Fact]) -> Mapping[Key, Sequence[Sighting]]:
    sites = {site_number(*site): site for site in {(event.tenant, event.site) for event in events}}
    found: defaultdict[Key, list[Sighting]] = defaultdict(list)
    for statement, values in _questions(events):
        for id_, number, received_at, imported in await connection.execute(text(statement), values):
            if number in sites:
                found[id_, *sites[number]].append(Sighting(received_at, imported))
    return found


def _questions(events: Sequence[Fact]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield the statements that find what was counted of *events*' ids, and their values."""
    searches = _searches(events)
    for first in range(0, len(searches), _AT_ONCE):
        some = searches[first : first + _AT_ONCE]
        values = {f"{name}_{n}": value for n, search in enumerate(some) for name, value in search._asdict().items()}
        yield " UNION ALL ".join(_COUNTED.format(n) for n in range(len(some))), values
    if imported := [event.id for event in events if event.batch is not None]:
        yield _IMPORTED, {"ids": imported}


class _Search(NamedTuple):
    since: datetime
    until: datetime
    ids: list[str]


def _searches(events: Sequence[Fact]) -> list[_Search]:
    """Return where the ids of *events* are to be looked for: ours on their own day, others' within the horizon around it."""
    ours: list[tuple[datetime, str]] = []
    others: list[tuple[datetime, str]] = []
    for event in events:
        (ours if is_ours(event) else others).append((event.received_at, event.id))
    return [*_search_by_day(ours, timedelta()), *_search_by_day(others, HORIZON)]


def _search_by_day(received: Iterable[tuple[datetime, str]], reach: timedelta) -> Iterator[_Search]:
    for _, day in groupby(sorted(received), key=lambda one: one[0].toordinal()):
        times, ids = zip(*day, strict=True)
        yield _Search(times[0] - reach, times[-1] + reach, list(ids))
