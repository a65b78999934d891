"""Added: how rows that are sums are kept, in one statement for all of a batch; whatever the order, the sums are the same."""

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, TypeAlias

from msgspec import Struct
from sqlalchemy import Table, text
from sqlalchemy.dialects import postgresql
from sqlalchemy.ext.asyncio import AsyncConnection

Key: TypeAlias = tuple[Any, ...]
Sums: TypeAlias = tuple[Any, ...]

# A key lies in an index, which holds no long text; longer words are counted by their beginning.
MOST_CHARS = 200


class Added(Struct, frozen=True, kw_only=True):
    """A table whose columns behind the key are sums of numbers, but for those in ``latest``, which are the latest moments."""

    table: Table
    latest: frozenset[str] = frozenset()

    async def add(self, connection: AsyncConnection, new: Iterable[tuple[Key, Sums]]) -> dict[Key, Sums]:
        """Add *new*, which may be below zero, to what the table holds, and return what was added to which key."""
        added: dict[Key, Sums] = {}
        for key, sums in new:
            before = added.get(key)
            added[key] = sums if before is None else tuple(map(_joined, before, sums))
        added = {key: sums for key, sums in added.items() if any(sums)}
        if added:
            columns = zip(*(key + sums for key, sums in added.items()), strict=True)
            names = self.table.columns.keys()
            await connection.execute(text(_adding(self)), dict(zip(names, map(list, columns), strict=True)))
        return added

    async def drop(self, connection: AsyncConnection, keys: Sequence[Key], *, without: str) -> None:
        """Delete the rows of *keys* in which nothing is left to count in the column *without*."""
        if keys:
            names = self.table.primary_key.columns.keys()
            wanted = dict(zip(names, map(list, zip(*keys, strict=True)), strict=True))
            await connection.execute(text(_dropping(self.table, names, without)), wanted)


def hour_of(at: datetime) -> datetime:
    """Return the UTC hour that *at* is in."""
    return at.astimezone(UTC).replace(minute=0, second=0, microsecond=0)


def _joined(one: Any, other: Any) -> Any:
    if isinstance(one, int | Decimal):
        return one + other
    return one if other is None or (one is not None and one >= other) else other


def _adding(added: Added) -> str:
    table = added.table
    key = table.primary_key.columns.keys()
    names = table.columns.keys()
    sets = [
        f"{name} = greatest(held.{name}, excluded.{name})"
        if name in added.latest
        else f"{name} = held.{name} + excluded.{name}"
        for name in names
        if name not in key
    ]
    return f"""
        INSERT INTO {table.name} AS held ({", ".join(names)}) SELECT * FROM unnest({_arrays(table, names)})
        ON CONFLICT ({", ".join(key)}) DO UPDATE SET {", ".join(sets)}
    """


def _dropping(table: Table, names: Sequence[str], without: str) -> str:
    return f"""
        DELETE FROM {table.name} AS held USING unnest({_arrays(table, names)}) AS wanted ({", ".join(names)})
        WHERE ({", ".join(f"held.{name}" for name in names)}) = ({", ".join(f"wanted.{name}" for name in names)})
        AND held.{without} = 0
    """


def _arrays(table: Table, names: Sequence[str]) -> str:
    return ", ".join(f"CAST(:{name} AS {table.columns[name].type.compile(dialect=_POSTGRES)}[])" for name in names)


_POSTGRES = postgresql.dialect()  # type: ignore[no-untyped-call]  # SQLAlchemy says nothing of it
