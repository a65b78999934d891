"""The breakdown: the numbers of a period for each value of one dimension, in the order that was asked for."""

from collections.abc import AsyncIterator
from datetime import datetime
from itertools import chain
from typing import Any, NamedTuple

from msgspec import UNSET, Struct, UnsetType
from msgspec.structs import replace
from sqlalchemy.ext.asyncio import AsyncConnection

from projections.query.counts import ByValue, counts
from projections.query.dimensions import Dimension
from projections.query.documents import as_numbers_of_some, document, list_of
from projections.query.metrics import (
    CONVERSION_RATE,
    METRIC_NAMED,
    METRICS,
    TOTAL_EVENTS,
    Metric,
    Numbers,
    Sums,
    percent,
)
from projections.query.ordering import VALUE, Order
from projections.query.ordering import VISITORS as BY_VISITORS
from projections.query.periods import Span
from projections.query.problems import bad_parameter
from projections.query.question import WebQuestion
from projections.query.sums import VISITORS, VISITS, Of, Sum, among, visitors_with
from projections.query.web.rows import Beside, Rows, all_rows_of, rows_of
from projections.read_models.hits import Kind

_OF_VISITS = tuple(metric for metric in METRICS if metric.column)
_OF_HITS: dict[Kind, tuple[Metric, ...]] = {
    Kind.PAGEVIEW: (METRIC_NAMED["pageviews"],),
    Kind.EVENT: (TOTAL_EVENTS, CONVERSION_RATE),
}
# Every number that stands beside a value of one dimension or another.
ROW_METRICS: tuple[Metric, ...] = tuple(dict.fromkeys((*_OF_VISITS, *chain(*_OF_HITS.values()))))
_COUNT_OF_VISITORS = METRIC_NAMED["visitors"]


class ValueRow(Struct, frozen=True, kw_only=True):
    """One value and its numbers; an empty value means not known, and ``share`` is in percent."""

    value: str
    visitors: int
    share: float
    numbers: Numbers
    compared: "RowCompared | None" = None


class RowCompared(Struct, frozen=True, kw_only=True):
    """The numbers of the same value in the other period, visitors first, and how each has moved since."""

    numbers: Numbers
    change: Numbers


class Visitors(NamedTuple):
    """What the visitors of a row are parts of: those of the answer, and ``everybody``, in the other period, too, for rates."""

    visitors: int
    everybody: int
    everybody_there: int


class Breakdown(Struct, frozen=True, kw_only=True):
    """The answer: at most ``limit`` rows, whether there are more, and the visitors that the shares are parts of.

    Compared with another period the values that only this has come behind all others.
    """

    site: str
    timezone: str
    dimension: Dimension
    visitors: int
    rows: list[ValueRow]
    more: bool


_PREVIOUS = document(
    "RowPrevious",
    "The numbers of the same value in the other period.",
    [("visitors", int), *as_numbers_of_some(ROW_METRICS)],
)
_CHANGE = document(
    "RowChange",
    "How each number moved, in percent (one that is a percentage in points); null where there is nothing to compare with.",
    [(one.name, float | UnsetType | None, UNSET) for one in (_COUNT_OF_VISITORS, *ROW_METRICS)],
)
_ROW = document(
    "Row",
    "One value; an empty one means not known. Which numbers it has depends on the dimension, and whether it is compared.",
    [
        ("value", str),
        ("visitors", int),
        ("share", float),
        *as_numbers_of_some(ROW_METRICS),
        ("previous", _PREVIOUS | UnsetType, UNSET),
        ("change", _CHANGE | UnsetType, UNSET),
    ],
)
DOCUMENT = document(
    "Breakdown",
    "At most ``limit`` rows behind the first ``offset``, whether there are more, and the visitors that shares are parts of.",
    [
        ("site", str),
        ("timezone", str),
        ("dimension", str),
        ("visitors", int),
        ("rows", list_of(_ROW)),
        ("more", bool),
        ("as_of", datetime | None),
    ],
)


def row_metrics(dimension: Dimension) -> tuple[Metric, ...]:
    """Return the metrics that stand beside each value of *dimension*, behind its visitors and their share."""
    return _OF_VISITS if dimension.of is Of.VISIT else _OF_HITS[dimension.kind]


async def count_visitors(connection: AsyncConnection, question: WebQuestion) -> int:
    """Count the visitors that the shares of every breakdown of *question* are parts of."""
    return await count_visitors_in(connection, question, question.span)


async def count_visitors_in(connection: AsyncConnection, question: WebQuestion, span: Span) -> int:
    """Count the visitors of *span* that *question* keeps."""
    (row,) = await counts(connection, question, span, [VISITORS])
    return row.sums["visitors"]


async def count_everybody(connection: AsyncConnection, question: WebQuestion, span: Span) -> int:
    """Count the visitors of *span* whom a conversion rate is a share of: those whom filters keep that are not by events."""
    others = tuple(one for one in question.filters if not one.dimension.counts_events)
    return await count_visitors_in(connection, replace(question, filters=others), span)


async def breakdown(
    connection: AsyncConnection,
    question: WebQuestion,
    dimension: Dimension,
    *,
    visitors: int,
    called: tuple[str, ...] = (),
) -> Breakdown:
    """Answer *question* for each value of *dimension*; *visitors* is what count_visitors() says.

    A search finds the values that are *called* so, too, whatever they contain.
    """
    asked = Rows(
        question=question,
        cut=_cut(question, dimension, called),
        sums=tuple(_sums_of(dimension)),
        order=order_of(question, dimension),
    )
    found, more = await rows_of(connection, asked)
    of = await _visitors(connection, question, dimension, visitors)
    return Breakdown(
        site=question.site,
        timezone=question.timezone,
        dimension=dimension,
        visitors=visitors,
        rows=[_row(row, dimension, of) for row in found],
        more=more,
    )


async def all_rows(
    connection: AsyncConnection, question: WebQuestion, dimension: Dimension, *, visitors: int
) -> AsyncIterator[list[ValueRow]]:
    """Yield every row of the breakdown behind its offset, whatever its limit, some at a time."""
    asked = Rows(
        question=question,
        cut=_cut(question, dimension, ()),
        sums=tuple(_sums_of(dimension)),
        order=order_of(question, dimension),
    )
    of = await _visitors(connection, question, dimension, visitors)
    async for found in all_rows_of(connection, asked):
        yield [_row(row, dimension, of) for row in found]


async def _visitors(connection: AsyncConnection, question: WebQuestion, dimension: Dimension, visitors: int) -> Visitors:
    if not dimension.counts_events:
        return Visitors(visitors, visitors, visitors)
    other = question.asked_beside
    there = 0 if other is None else await count_everybody(connection, question, other)
    return Visitors(visitors, await count_everybody(connection, question, question.span), there)


def order_of(question: WebQuestion, dimension: Dimension) -> Order | None:
    """Return what the rows of *dimension* are ordered by, None for the usual; refuse what is none of its columns."""
    asked = question.ordering
    columns = {VALUE: (), BY_VISITORS: (BY_VISITORS,)} | {metric.name: _ordered_by(metric) for metric in row_metrics(dimension)}
    if asked.sort not in columns:
        raise bad_parameter("sort", f"Rows of that dimension are sorted by one of {', '.join(columns)}.")
    return None if asked.is_usual else Order(sums=columns[asked.sort], direction=asked.direction)


def _ordered_by(metric: Metric) -> tuple[str, ...]:
    # Everybody is the same for all rows, so the share of them who have a value is in the order of those who have.
    return (BY_VISITORS,) if metric is CONVERSION_RATE else tuple(one.name for one in metric.sums)


def _cut(question: WebQuestion, dimension: Dimension, called: tuple[str, ...]) -> ByValue:
    is_blank_called_so = bool(dimension.blank) and question.search.casefold() in str(dimension.blank).casefold()
    return ByValue(dimension, search=question.search, called=(*called, "") if is_blank_called_so else called)


def _sums_of(dimension: Dimension) -> list[Sum]:
    # The first two say which values are the greatest.
    first = [VISITORS, VISITS] if dimension.of is Of.VISIT else [visitors_with(*dimension.kinds)]
    added = [among(one, dimension.kinds) for metric in row_metrics(dimension) for one in metric.sums if one.of_group]
    return list({one.name: one for one in [*first, *added]}.values())


def _row(row: Beside, dimension: Dimension, of: Visitors) -> ValueRow:
    numbers = _numbers(row.sums, dimension, of.everybody)
    return ValueRow(
        value=row.value,
        visitors=row.sums["visitors"],
        # Who saw a page in a visit that began before the period is not among its visitors.
        share=min(percent(row.sums["visitors"], of.visitors), 100.0),
        numbers=numbers,
        compared=None if row.other is None else _compared(row, row.other, dimension, of),
    )


def _numbers(sums: Sums, dimension: Dimension, everybody: int) -> Numbers:
    rated = {**sums, "converted": min(sums["visitors"], everybody), "all_visitors": everybody}
    return {metric.name: metric.formula(rated) for metric in row_metrics(dimension)}


def _compared(row: Beside, other: Sums, dimension: Dimension, of: Visitors) -> RowCompared:
    def with_visitors(sums: Sums, everybody: int) -> Numbers:
        return {_COUNT_OF_VISITORS.name: sums["visitors"], **_numbers(sums, dimension, everybody)}

    now, then = with_visitors(row.sums, of.everybody), with_visitors(other, of.everybody_there)
    moved = {
        metric.name: metric.change(now[metric.name], then[metric.name])
        for metric in (_COUNT_OF_VISITORS, *row_metrics(dimension))
    }
    return RowCompared(numbers=then, change=moved)


def to_document(answer: Breakdown, as_of: datetime | None) -> Any:
    """Return *answer* as the API writes it."""
    return DOCUMENT(
        site=answer.site,
        timezone=answer.timezone,
        dimension=answer.dimension.name,
        visitors=answer.visitors,
        rows=[_to_row(row) for row in answer.rows],
        more=answer.more,
        as_of=as_of,
    )


def _to_row(row: ValueRow) -> Any:
    other = row.compared
    beside = {} if other is None else {"previous": _PREVIOUS(**other.numbers), "change": _CHANGE(**other.change)}
    return _ROW(value=row.value, visitors=row.visitors, share=row.share, **row.numbers, **beside)
