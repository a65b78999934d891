"""Difference: one number of one site that another generation says otherwise, and the comparison that finds them."""

from collections.abc import Sequence
from datetime import date
from typing import Any

from msgspec import Struct
from sqlalchemy import ColumnElement, MetaData, Select, Subquery, Table, and_, func, or_, select, true
from sqlalchemy.ext.asyncio import AsyncConnection


class Difference(Struct, frozen=True, kw_only=True):
    """What *number* was and is, on a ``day`` or over all days; of a ``value`` of a ``dimension``, or of everything."""

    projection: str
    tenant: str
    site: str
    number: str
    was: float | None
    is_now: float | None
    day: date | None = None
    dimension: str = ""
    value: str = ""


class Sides(Struct, frozen=True, kw_only=True):
    """The schemas that are compared: of what is read now, and of what would be read instead.

    ``is_level`` says that both have dealt with the same messages, and ``only`` of which tenant's site the rows are compared,
    where it is not of all.
    """

    read: str
    made: str
    is_level: bool = True
    only: tuple[str, str] | None = None

    def of(self, columns: Any) -> ColumnElement[bool]:
        """Return the condition that a row with *columns* is compared."""
        return true() if self.only is None else and_(columns.tenant == self.only[0], columns.site == self.only[1])


class Unlike(Struct, frozen=True):
    """A key by which two queries have other numbers, and the numbers of either; None where it has no row."""

    key: tuple[Any, ...]
    was: tuple[Any, ...]
    is_now: tuple[Any, ...]


def in_schema(table: Table, schema: str) -> Table:
    """Return *table* as it is in *schema*, whatever unqualified names mean."""
    return table.to_metadata(MetaData(), schema=schema)


async def unlike(connection: AsyncConnection, was: Select[Any], is_now: Select[Any], keys: int) -> Sequence[Unlike]:
    """Return where two queries differ whose first *keys* columns are a key without nulls, and the others numbers.

    Postgres joins them, so that what is alike never comes here.
    """
    old, new = was.subquery("was"), is_now.subquery("is_now")
    of_old, of_new = list(old.c), list(new.c)
    same = and_(*(one == other for one, other in zip(of_old[:keys], of_new[:keys], strict=True)))
    other = [one.is_distinct_from(two) for one, two in zip(of_old[keys:], of_new[keys:], strict=True)]
    key = [
        func.coalesce(one, two).label(f"key_{n}") for n, (one, two) in enumerate(zip(of_old[:keys], of_new[:keys], strict=True))
    ]
    query = (
        select(*key, *_numbers(old, keys), *_numbers(new, keys)).select_from(old.join(new, same, full=True)).where(or_(*other))
    )
    width = len(of_old) - keys
    rows = await connection.execute(query.order_by(*key))
    return [Unlike(tuple(row[:keys]), tuple(row[keys : keys + width]), tuple(row[keys + width :])) for row in rows]


def _numbers(query: Subquery, keys: int) -> list[ColumnElement[Any]]:
    return [column.label(f"{query.name}_{number}") for number, column in enumerate(list(query.c)[keys:])]
