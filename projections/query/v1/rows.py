"""Rows: what a query counts, cut by all its dimensions at once, in its order, and no more of them than are wanted."""

from collections.abc import Sequence
from functools import partial
from typing import Any, TypeAlias

from msgspec import Struct
from msgspec.structs import replace
from sqlalchemy import (
    ColumnElement,
    Integer,
    Select,
    Text,
    bindparam,
    collate,
    func,
    select,
    tuple_,
)
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.ext.asyncio import AsyncConnection

from projections.query.counts import ByBucket, ByValue, counts, counts_for
from projections.query.dimensions import Dimension
from projections.query.metrics import Sums
from projections.query.question import WebQuestion
from projections.query.sums import VISITORS, Of
from projections.query.tree import as_filters
from projections.query.v1.arms import all_rows, everybody
from projections.query.v1.dates import Time, buckets
from projections.query.v1.names import Cut, Measure, Width
from projections.query.v1.query import Order, Query

Key: TypeAlias = tuple[Any, ...]


class Row(Struct, frozen=True):
    """One row: the number of its bucket, or its value, for each cut, and its sums by their names."""

    key: Key
    sums: Sums


class Found(Struct, frozen=True, kw_only=True):
    """The rows that were wanted, and whether ``more`` follow; ``total`` is how many there are, None where nobody counted."""

    rows: list[Row]
    more: bool
    total: int | None = None


async def rows_of(connection: AsyncConnection, query: Query) -> Found:
    """Return the rows of *query*."""
    page, is_counted = query.body.pagination, query.body.include.total_rows
    end = page.offset + page.limit
    if (filters := as_filters(query.tree)) is not None:
        question = replace(query.question, filters=filters)
        if not query.dimensions:
            found = _in_order(query, await _over_time(connection, query, question, query.time))
            return Found(rows=found[page.offset : end], more=len(found) > end, total=len(found))
        if not is_counted and _is_in_order_of_counts(query):
            cut = ByValue(query.dimensions[0])
            listed = await counts(connection, question, query.time.span, query.sums, cut, largest=end + 1)
            return Found(rows=[Row(one.key, one.sums) for one in listed[page.offset : end]], more=len(listed) > end)
    everything = await all_rows(connection, query, query.time)
    # One more than are wanted, which says that there are more.
    statement = _ordered(everything, query).limit(page.limit + 1).offset(page.offset)
    rows = [_row(row, query) for row in await connection.execute(statement)]
    total = await connection.scalar(select(func.count()).select_from(everything.subquery())) if is_counted else None
    return Found(rows=rows[: page.limit], more=len(rows) > page.limit, total=total)


async def rows_compared(connection: AsyncConnection, query: Query, other: Time, keys: Sequence[Key]) -> dict[Key, Sums]:
    """Return the sums of *query* in the *other* time, for each of *keys* that has any."""
    if (filters := as_filters(query.tree)) is not None and not query.dimensions:
        question = replace(query.question, filters=filters)
        return {row.key: row.sums for row in await _over_time(connection, query, question, other)}
    if not keys:
        return {}
    statement = await all_rows(connection, query, other)
    columns = [statement.selected_columns[f"cut_{number}"] for number in range(len(query.cuts))]
    if columns:
        wanted = (
            func.unnest(
                *(
                    bindparam(f"wanted_{number}", list(values), type_=ARRAY(Integer if isinstance(cut, Width) else Text))
                    for number, (cut, values) in enumerate(zip(query.cuts, zip(*keys, strict=True), strict=True))
                )
            )
            .table_valued(*(f"wanted_{number}" for number in range(len(columns))))
            .render_derived(name="wanted")
        )
        everything = statement.subquery("everything")
        found = [everything.c[f"cut_{number}"] for number in range(len(columns))]
        statement = select(everything).where(tuple_(*found).in_(select(*wanted.c)))
    return {row.key: row.sums for row in (_row(row, query) for row in await connection.execute(statement))}


async def visitors_of(connection: AsyncConnection, query: Query, time: Time) -> int:
    """Return the visitors that the shares of *query* are parts of."""
    if (filters := as_filters(query.tree)) is not None:
        (row,) = await counts(connection, replace(query.question, filters=filters), time.span, [VISITORS])
        return row.sums[VISITORS.name]
    return int(await connection.scalar(everybody(query, time)) or 0)


async def _over_time(connection: AsyncConnection, query: Query, question: WebQuestion, time: Time) -> list[Row]:
    metrics = [measure.metric for measure in query.measures]
    cuts = [] if query.width is None else [ByBucket(buckets(time, query.width, "dimensions"))]
    found = await counts_for(connection, question, time.span, metrics, *cuts)
    return [Row(key, sums) for key, sums in found.items()]


def _is_in_order_of_counts(query: Query) -> bool:
    """Say whether counts() has the rows of *query* in its own order: by one sum, then by the value, blanks as they are here."""
    if len(query.cuts) > 1 or len(query.sums) > 1 or not query.measures[0].is_count:
        return False
    dimension, by = query.dimensions[0], query.order
    has_blanks = dimension.blank is not None or dimension.of is Of.HIT
    is_by_count = len(by) == 1 and isinstance(by[0].of, Measure) and by[0].is_descending and by[0].of.is_count
    # Only there the sum is of what counts() reads for a dimension.
    return has_blanks and is_by_count and (dimension.of is query.sums[0].of)


def _in_order(query: Query, rows: list[Row]) -> list[Row]:
    found = sorted(rows, key=lambda row: row.key)
    for order in reversed(query.order):
        found.sort(key=partial(_place, query, order), reverse=order.is_descending)
    return found


def _place(query: Query, order: Order, row: Row) -> tuple[bool, float]:
    if not isinstance(order.of, Measure):
        return (order.is_descending, row.key[query.cuts.index(order.of)])
    number = order.of.number(row.sums, 0)
    # What is no number stands last, whichever way.
    return ((number is None) is not order.is_descending, number or 0)


def _row(row: Any, query: Query) -> Row:
    return Row(tuple(row[: len(query.cuts)]), {one.name: getattr(row, one.name) for one in query.sums})


def _ordered(statement: Select[Any], query: Query) -> Select[Any]:
    rows = statement.subquery("rows")
    keys = [_sortable(rows.c[f"cut_{number}"], cut) for number, cut in enumerate(query.cuts)]
    by = []
    for order in query.order:
        subject = order.of.order(rows.c) if isinstance(order.of, Measure) else keys[query.cuts.index(order.of)]
        by.append((subject.desc() if order.is_descending else subject.asc()).nulls_last())
    return select(rows).order_by(*by, *keys)


def _sortable(column: ColumnElement[Any], cut: Cut) -> ColumnElement[Any]:
    return collate(column, "C") if isinstance(cut, Dimension) else column
