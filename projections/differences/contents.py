"""Contents: how many rows each table has of a site's day, and whether they say the same."""

from collections.abc import AsyncIterator
from typing import Any

from sqlalchemy import BigInteger, Column, Date, DateTime, Select, Table, Text, cast, func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from projections.differences.difference import Difference, Sides, in_schema, unlike
from projections.projector.projection import Projection
from projections.schema import NUMBERS

_SAID = ("rows", "said")


async def in_contents(connection: AsyncConnection, projection: Projection, sides: Sides) -> AsyncIterator[Difference]:
    """Yield on which days of which sites a table of *projection* has other rows, or as many that say something else."""
    for table in projection.answers_from:
        was, is_now = (_content(in_schema(table, schema), sides) for schema in (sides.read, sides.made))
        keys = len(was.selected_columns) - len(_SAID)
        for row in await unlike(connection, was, is_now, keys=keys):
            tenant, site, *day = row.key
            before, after = row.was[0] or 0, row.is_now[0] or 0
            number = f"rows of {table.name}" if before != after else f"rows of {table.name}, some of them others"
            yield Difference(
                projection=projection.name,
                tenant=tenant,
                site=site,
                day=day[0] if day else None,
                number=number,
                was=before,
                is_now=after,
            )


def _content(table: Table, sides: Sides) -> Select[Any]:
    day, row = _day_in(table), table.alias("a_row")
    keys = [row.c.tenant, row.c.site, *(() if day is None else (cast(row.c[day.name], Date).label("on_day"),))]
    words = [column for column in row.columns if column.name not in NUMBERS]
    # A sum is the same in any order of the rows.
    said = func.sum(func.hashtextextended(cast(func.row(*words), Text), cast(0, BigInteger)))
    return select(*keys, func.count().label(_SAID[0]), said.label(_SAID[1])).where(sides.of(row.c)).group_by(*keys)


def _day_in(table: Table) -> Column[Any] | None:
    """Return the column that says when a row's day is, or None where no day is said of every row."""
    dated = [column for column in table.columns if isinstance(column.type, Date | DateTime) and not column.nullable]
    return next((column for column in dated if column.primary_key), dated[0] if dated else None)
