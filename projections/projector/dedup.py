"""Which facts count: the first of each event id in stream order, for a horizon after it and for ever within imports.

NATS forgets an id after its window; this is the second filter, for retries that come later. It compares the facts' own
``received_at`` and never a clock, so that a rebuild keeps and drops exactly what the live run did.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, TypeAlias

from msgspec import Struct
from sqlalchemy import Boolean, Column, Table, Text, Uuid, bindparam, text, update
from sqlalchemy.ext.asyncio import AsyncConnection

from projections.database import copy_rows
from projections.schema import BOOKS, moment
from projections.stream.item import Sequenced

HORIZON = timedelta(days=7)

# Event ids that were applied: for the horizon, and for ever for imports.
SEEN = Table(
    "seen_events",
    BOOKS,
    Column("event_id", Uuid(as_uuid=False), primary_key=True),
    Column("tenant", Text, primary_key=True),
    Column("site", Text, primary_key=True),
    moment("received_at"),
    Column("imported", Boolean, nullable=False),
)

Key: TypeAlias = tuple[str, str, str]


class Sighting(Struct, frozen=True, gc=False):
    """When an event id was last counted, and whether an import ever brought it."""

    received_at: datetime
    imported: bool


async def keep_first(connection: AsyncConnection, facts: Sequence[Sequenced[Any]]) -> list[Sequenced[Any]]:
    """Return those of *facts* that are not repeats, and remember their ids."""
    before = await _sightings(connection, {fact.event.id for fact in facts})
    kept, after = first_of_each(facts, before)
    await _remember(connection, before, after)
    return kept


def first_of_each(
    facts: Iterable[Sequenced[Any]], before: Mapping[Key, Sighting]
) -> tuple[list[Sequenced[Any]], dict[Key, Sighting]]:
    """Return the facts that are not repeats of a sighting or of each other, and the sightings that they leave behind."""
    kept: list[Sequenced[Any]] = []
    after: dict[Key, Sighting] = {}
    for fact in facts:
        event = fact.event
        key = (event.id, event.tenant, event.site)
        imported = event.batch is not None
        seen = after.get(key) or before.get(key)
        if seen is not None and _repeats(seen, event.received_at, imported=imported):
            continue
        kept.append(fact)
        after[key] = Sighting(event.received_at, imported or (seen is not None and seen.imported))
    return kept, after


def _repeats(seen: Sighting, received_at: datetime, *, imported: bool) -> bool:
    return (seen.imported and imported) or abs(received_at - seen.received_at) <= HORIZON


# By id alone: ids are all but unique, and the few that two sites share are told apart by the key.
_SIGHTINGS = text(
    "SELECT CAST(event_id AS text), tenant, site, received_at, imported"
    " FROM seen_events WHERE event_id = ANY(CAST(:ids AS uuid[]))"
)


async def _sightings(connection: AsyncConnection, ids: Iterable[str]) -> dict[Key, Sighting]:
    rows = await connection.execute(_SIGHTINGS, {"ids": list(ids)})
    return {(id_, tenant, site): Sighting(received_at, imported) for id_, tenant, site, received_at, imported in rows}


async def _remember(connection: AsyncConnection, before: Mapping[Key, Sighting], after: Mapping[Key, Sighting]) -> None:
    new = [(*key, seen.received_at, seen.imported) for key, seen in after.items() if key not in before]
    await copy_rows(connection, SEEN, ("event_id", "tenant", "site", "received_at", "imported"), new)
    again = [
        {"id": key[0], "of_tenant": key[1], "of_site": key[2], "received_at": seen.received_at, "imported": seen.imported}
        for key, seen in after.items()
        if key in before
    ]
    if again:
        await connection.execute(_SEEN_AGAIN, again)


_SEEN_AGAIN = update(SEEN).where(
    SEEN.c.event_id == bindparam("id"), SEEN.c.tenant == bindparam("of_tenant"), SEEN.c.site == bindparam("of_site")
)
