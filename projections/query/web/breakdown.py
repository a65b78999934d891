"""The breakdown: the numbers of a period for each value of one dimension, the greatest first."""

from collections.abc import AsyncIterator
from datetime import datetime
from itertools import chain
from typing import Any, NamedTuple

from msgspec import Struct
from msgspec.structs import replace
from sqlalchemy.ext.asyncio import AsyncConnection

from projections.query.counts import ByValue, Counted, counts, counts_streamed
from projections.query.dimensions import Dimension
from projections.query.documents import as_numbers_of_some, document, list_of
from projections.query.metrics import (
    CONVERSION_RATE,
    METRIC_NAMED,
    METRICS,
    TOTAL_EVENTS,
    Metric,
    Numbers,
    percent,
)
from projections.query.periods import Span
from projections.query.question import WebQuestion
from projections.query.sums import VISITORS, VISITS, Of, Sum, among, visitors_with
from projections.read_models.hits import Kind

_OF_VISITS = tuple(metric for metric in METRICS if metric.column)
_OF_HITS: dict[Kind, tuple[Metric, ...]] = {
    Kind.PAGEVIEW: (METRIC_NAMED["pageviews"],),
    Kind.EVENT: (TOTAL_EVENTS, CONVERSION_RATE),
}
# Every number that stands beside a value of one dimension or another.
ROW_METRICS: tuple[Metric, ...] = tuple(dict.fromkeys((*_OF_VISITS, *chain(*_OF_HITS.values()))))


class ValueRow(Struct, frozen=True, kw_only=True):
    """One value and its numbers; an empty value means not known, and ``share`` is in percent."""

    value: str
    visitors: int
    share: float
    numbers: Numbers


class Visitors(NamedTuple):
    """What the visitors of a row are parts of: those of the answer, and those without filters by what visitors convert by."""

    visitors: int
    everybody: int


class Breakdown(Struct, frozen=True, kw_only=True):
    """The answer: at most ``limit`` rows, whether there are more, and the visitors that the shares are parts of."""

    site: str
    dimension: Dimension
    visitors: int
    rows: list[ValueRow]
    more: bool


_ROW = document(
    "Row",
    "One value; an empty one means not known. Which numbers it has depends on the dimension.",
    [
        ("value", str),
        ("visitors", int),
        ("share", float),
        *as_numbers_of_some(ROW_METRICS),
    ],
)
DOCUMENT = document(
    "Breakdown",
    "At most ``limit`` rows, whether there are more, and the visitors that the shares are parts of.",
    [
        ("site", str),
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


async def count_everybody(connection: AsyncConnection, question: WebQuestion, visitors: int, span: Span) -> int:
    """Count the visitors of *span* whom a conversion rate is a share of: *visitors*, but for filters by events."""
    others = tuple(one for one in question.filters if not one.dimension.counts_events)
    return (
        visitors if others == question.filters else await count_visitors_in(connection, replace(question, filters=others), span)
    )


async def breakdown(connection: AsyncConnection, question: WebQuestion, dimension: Dimension, *, visitors: int) -> Breakdown:
    """Answer *question* for each value of *dimension*; *visitors* is what count_visitors() says."""
    sums, cut = _sums_of(dimension), ByValue(dimension)
    found = await counts(connection, question, question.span, sums, cut, largest=question.limit + 1)
    of = Visitors(visitors, await _converting(connection, question, dimension, visitors))
    return Breakdown(
        site=question.site,
        dimension=dimension,
        visitors=visitors,
        rows=[_row(row, dimension, of) for row in found[: question.limit]],
        more=len(found) > question.limit,
    )


async def all_rows(
    connection: AsyncConnection, question: WebQuestion, dimension: Dimension, *, visitors: int
) -> AsyncIterator[list[ValueRow]]:
    """Yield every row of the breakdown, whatever its limit, the greatest first and some at a time."""
    of = Visitors(visitors, await _converting(connection, question, dimension, visitors))
    async for found in counts_streamed(connection, question, question.span, _sums_of(dimension), ByValue(dimension)):
        yield [_row(row, dimension, of) for row in found]


async def _converting(connection: AsyncConnection, question: WebQuestion, dimension: Dimension, visitors: int) -> int:
    return await count_everybody(connection, question, visitors, question.span) if dimension.counts_events else visitors


def _sums_of(dimension: Dimension) -> list[Sum]:
    # The first two say which values are the greatest.
    first = [VISITORS, VISITS] if dimension.of is Of.VISIT else [visitors_with(*dimension.kinds)]
    added = [among(one, dimension.kinds) for metric in row_metrics(dimension) for one in metric.sums if one.of_group]
    return list({one.name: one for one in [*first, *added]}.values())


def _row(row: Counted, dimension: Dimension, of: Visitors) -> ValueRow:
    visitors = row.sums["visitors"]
    sums = {**row.sums, "converted": min(visitors, of.everybody), "all_visitors": of.everybody}
    return ValueRow(
        value=row.key[0],
        visitors=visitors,
        # Who saw a page in a visit that began before the period is not among its visitors.
        share=min(percent(visitors, of.visitors), 100.0),
        numbers={metric.name: metric.formula(sums) for metric in row_metrics(dimension)},
    )


def to_document(answer: Breakdown, as_of: datetime | None) -> Any:
    """Return *answer* as the API writes it."""
    return DOCUMENT(
        site=answer.site,
        dimension=answer.dimension.name,
        visitors=answer.visitors,
        rows=[_ROW(value=row.value, visitors=row.visitors, share=row.share, **row.numbers) for row in answer.rows],
        more=answer.more,
        as_of=as_of,
    )
