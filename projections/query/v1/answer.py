"""The answer to a query: its rows as lists of values and numbers, what is told besides, and the query as it was understood."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, Final

from msgspec import UNSET, Struct, UnsetType
from sqlalchemy.ext.asyncio import AsyncConnection

from projections.query.delivery.forms import Row
from projections.query.metrics import Sums
from projections.query.v1 import rows as counted
from projections.query.v1.body import Body, Pagination
from projections.query.v1.dates import Time, buckets, label
from projections.query.v1.names import Measure, Width
from projections.query.v1.query import ASCENDING, DESCENDING, Query
from projections.query.v1.rows import Found, Key, rows_compared, rows_of, visitors_of

Number = float | None
_SECOND: Final = timedelta(seconds=1)


class Compared(Struct, frozen=True, kw_only=True):
    """The same of the other time: its numbers, and how each moved, in percent or in points; null where there is nothing."""

    dimensions: list[str]
    metrics: list[Number]
    change: list[Number]


class Result(Struct, frozen=True, kw_only=True):
    """One row: its values in the order of the query's dimensions, its numbers in the order of its metrics."""

    dimensions: list[str]
    metrics: list[Number]
    comparison: Compared | UnsetType = UNSET


class Told(Struct, frozen=True, kw_only=True):
    """What is told besides: whether ``more`` rows follow, and when the newest fact in the answer was received, ``as_of``."""

    more: bool
    as_of: datetime | None = None
    imports_included: bool | UnsetType = UNSET
    time_labels: list[str] | UnsetType = UNSET
    total_rows: int | UnsetType = UNSET


class Understood(Struct, frozen=True, kw_only=True):
    """The query as it was answered: its time as moments with their offset, both included, and in which order rows stand."""

    site_id: str
    metrics: list[str]
    date_range: list[datetime]
    filters: list[Any]
    dimensions: list[str]
    order_by: list[tuple[str, str]]
    include: dict[str, Any]
    pagination: Pagination
    timezone: str
    comparison_date_range: list[datetime] | UnsetType = UNSET


class Answer(Struct, frozen=True, kw_only=True):
    """The answer: the rows in their order, what is told besides, and the query as it was understood."""

    results: list[Result]
    meta: Told
    query: Understood


def rows_in(answer: Answer) -> list[Row]:
    """Return the rows of *answer* by the names of their columns, those of the other time and the change behind the others."""
    dimensions, metrics = answer.query.dimensions, answer.query.metrics
    return [_named(result, dimensions, metrics) for result in answer.results]


def columns_of(answer: Answer) -> list[str]:
    """Return what the columns of the rows of *answer* are called, should there be none."""
    return [*answer.query.dimensions, *answer.query.metrics]


def _named(result: Result, dimensions: list[str], metrics: list[str]) -> Row:
    row: dict[str, Any] = dict(zip((*dimensions, *metrics), (*result.dimensions, *result.metrics), strict=True))
    if (other := result.comparison) is not UNSET:
        row |= {f"comparison.{name}": value for name, value in zip(metrics, other.metrics, strict=True)}
        row |= {f"change.{name}": value for name, value in zip(metrics, other.change, strict=True)}
    return row


async def answer_of(connection: AsyncConnection, query: Query) -> Answer:
    """Answer *query*; how far it reaches is said by whoever knows."""
    found = await rows_of(connection, query)
    rows = found.rows or _nothing(query)
    visitors = await _visitors(connection, query, query.time)
    results = [
        Result(dimensions=_values(query, row.key, query.time), metrics=_numbers(query, row.sums, visitors)) for row in rows
    ]
    if query.compared is not None:
        results = await _with_comparison(connection, query, rows, results, query.compared)
    return Answer(results=results, meta=_told(query, found), query=_understood(query))


def _nothing(query: Query) -> list[counted.Row]:
    # Without any dimension there is one row, also of nothing.
    if query.cuts or query.body.pagination.offset:
        return []
    return [counted.Row((), {one.name: 0 for one in query.sums})]


async def _visitors(connection: AsyncConnection, query: Query, time: Time) -> int:
    if not any(measure.is_share for measure in query.measures):
        return 0
    return await visitors_of(connection, query, time)


def _values(query: Query, key: Key, time: Time) -> list[str]:
    if query.width is None:
        return list(key)
    bounds = buckets(time, query.width, "dimensions")
    return [
        label(bounds[min(value, len(bounds) - 1) - 1], cut, time.zone) if isinstance(cut, Width) else value
        for cut, value in zip(query.cuts, key, strict=True)
    ]


def _numbers(query: Query, sums: Sums, visitors: int) -> list[Number]:
    return [measure.number(sums, visitors) for measure in query.measures]


async def _with_comparison(
    connection: AsyncConnection, query: Query, rows: list[counted.Row], results: list[Result], other: Time
) -> list[Result]:
    before = await rows_compared(connection, query, other, [row.key for row in rows])
    visitors = await _visitors(connection, query, other)
    nothing: Mapping[str, int] = {one.name: 0 for one in query.sums}
    compared = []
    for row, result in zip(rows, results, strict=True):
        numbers = _numbers(query, before.get(row.key, nothing), visitors)
        change = [_change(measure, *pair) for measure, *pair in zip(query.measures, result.metrics, numbers, strict=True)]
        of_other = Compared(dimensions=_values(query, row.key, other), metrics=numbers, change=change)
        compared.append(Result(dimensions=result.dimensions, metrics=result.metrics, comparison=of_other))
    return compared


def _change(measure: Measure, current: Number, previous: Number) -> Number:
    return measure.metric.change(current, previous)


def _told(query: Query, found: Found) -> Told:
    include = query.body.include
    labels: list[str] | UnsetType = UNSET
    if include.time_labels and query.width is not None:
        bounds = buckets(query.time, query.width, "dimensions")
        labels = [label(start, query.width, query.time.zone) for start in bounds[:-1]]
    return Told(
        more=found.more,
        # What was imported is a fact like any other.
        imports_included=True if include.imports else UNSET,
        time_labels=labels,
        total_rows=found.total if include.total_rows and found.total is not None else UNSET,
    )


def _understood(query: Query) -> Understood:
    body: Body = query.body
    called = dict(zip(query.cuts, body.dimensions, strict=True))
    return Understood(
        site_id=query.question.site,
        metrics=body.metrics,
        date_range=_both_ends(query.time),
        filters=body.filters,
        dimensions=[str(cut) if isinstance(cut, Width) else called[cut] for cut in query.cuts],
        order_by=[
            (
                order.of.name if isinstance(order.of, Measure) else called[order.of],
                DESCENDING if order.is_descending else ASCENDING,
            )
            for order in query.order
        ],
        include=_included(body),
        pagination=body.pagination,
        timezone=query.question.timezone,
        comparison_date_range=UNSET if query.compared is None else _both_ends(query.compared),
    )


def _included(body: Body) -> dict[str, Any]:
    include = body.include
    return {name: getattr(include, name) for name in include.__struct_fields__ if getattr(include, name)}


def _both_ends(time: Time) -> list[datetime]:
    last = max(time.span.since, time.span.until - _SECOND).replace(microsecond=0)
    return [time.span.since.replace(microsecond=0).astimezone(time.zone), last.astimezone(time.zone)]
