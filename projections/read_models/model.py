"""ReadModel: what tables, their fold and their upsert have to be so that everything else can loop over them."""

from collections.abc import Awaitable, Callable, Sequence
from datetime import UTC, date
from typing import Any

from msgspec import Struct
from sqlalchemy import Table, delete
from sqlalchemy.ext.asyncio import AsyncConnection

from contracts.events import Fact
from projections.stream.item import Sequenced


class Whose(Struct, frozen=True, kw_only=True):
    """What one visitor left on one site on one day; another day's id of the same person cannot be known."""

    tenant: str
    site: str
    day: date
    visitor: bytes


class ReadModel(Struct, frozen=True, kw_only=True):
    """Some tables, and how facts get into them.

    ``upsert`` folds facts of the types in ``facts`` that were never applied before and writes the outcome, inside the
    connection's transaction; in any order and any batching, the same facts leave the same rows. ``day_of`` is a day in the
    month that the fact's rows are in when ``tables`` are partitioned by month, and None when they are not. ``erase`` deletes
    what a visitor left and returns how many rows that were, and is None where nobody is in the tables. ``erase_site`` does so
    with all rows of a tenant's site, and is None where the tables do not say whose a row is. ``version`` rises when the same
    facts would leave other rows. Where the first table holds numbers, ``view`` is what is asked in its place.
    """

    name: str
    tables: tuple[Table, ...]
    facts: tuple[type[Fact], ...]
    version: int
    upsert: Callable[[AsyncConnection, Sequence[Sequenced[Any]]], Awaitable[None]]
    day_of: Callable[[Any], date] | None = None
    erase: Callable[[AsyncConnection, Whose], Awaitable[int]] | None = None
    erase_site: Callable[[AsyncConnection, str, str], Awaitable[int]] | None = None
    view: Table | None = None

    @property
    def readable(self) -> Table:
        """Return the table whose rows say in words what the facts were."""
        return self.tables[0] if self.view is None else self.view


async def erase_rows(connection: AsyncConnection, table: Table, tenant: str, site: str) -> int:
    """Delete the rows of *table* that are of *tenant*'s *site*, and return how many they were."""
    gone = await connection.execute(delete(table).where(table.c.tenant == tenant, table.c.site == site))
    return gone.rowcount


def happened_on(event: Fact) -> date:
    """Return the UTC day on which it happened."""
    at = event.occurred_at
    return at.date() if at.tzinfo is UTC else at.astimezone(UTC).date()


def partition_name(table: Table, day: date) -> str:
    """Return the name of the partition of *table* that holds the month of *day*."""
    return f"{table.name}_{day.year}_{day.month:02}"
