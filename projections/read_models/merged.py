"""Merged: how rows that are mergeable values are taken out, joined with what is new, and written again."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import reduce
from typing import Any, Generic, TypeAlias, TypeVar

from msgspec import Struct
from sqlalchemy import Table, text
from sqlalchemy.ext.asyncio import AsyncConnection

from projections.database import copy_rows

Row: TypeAlias = tuple[Any, ...]
Key: TypeAlias = tuple[str, ...]
Value = TypeVar("Value")


class Merged(Struct, Generic[Value], frozen=True, kw_only=True):
    """A table of one value for each key, whose columns are texts and come first; ``join`` is commutative and associative.

    ``row_of`` gives the columns behind the key in their order, and ``value_in`` makes the value of them again.
    """

    table: Table
    join: Callable[[Value, Value], Value]
    row_of: Callable[[Value], Row]
    value_in: Callable[[Sequence[Any]], Value]

    async def add(self, connection: AsyncConnection, new: Iterable[tuple[Key, Value]]) -> list[tuple[Key, Value | None, Value]]:
        """Join *new* with what the table holds already, and return the keys with what was there before and what is now."""
        values: dict[Key, list[Value]] = {}
        for key, value in new:
            values.setdefault(key, []).append(value)
        if not values:
            return []
        before = dict(await self._take_out(connection, values))
        for key, value in before.items():
            values[key].append(value)
        moved = [(key, before.get(key), reduce(self.join, several)) for key, several in values.items()]
        rows = [(*key, *self.row_of(value)) for key, _, value in moved]
        await copy_rows(connection, self.table, self.table.columns.keys(), rows)
        return moved

    async def _take_out(self, connection: AsyncConnection, keys: Mapping[Key, Any]) -> list[tuple[Key, Value]]:
        names = self.table.primary_key.columns.keys()
        wanted = dict(zip(names, map(list, zip(*keys, strict=True)), strict=True))
        rows = await connection.execute(text(_taking_out(self.table, names)), wanted)
        return [(tuple(row[: len(names)]), self.value_in(row[len(names) :])) for row in rows]


def _taking_out(table: Table, names: Sequence[str]) -> str:
    # Deleting returns what was there, in one look-up for each key.
    listed = ", ".join(names)
    given = ", ".join(f"CAST(:{name} AS text[])" for name in names)
    held = ", ".join(f"held.{name}" for name in names)
    every = ", ".join(f"held.{one.name}" for one in table.columns)
    return f"""
        DELETE FROM {table.name} AS held USING unnest({given}) AS wanted ({listed})
        WHERE ({held}) = ({", ".join(f"wanted.{name}" for name in names)})
        RETURNING {every}
    """
