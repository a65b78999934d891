"""The breakdown: the numbers of a period for each value of one dimension, the greatest first."""

from collections.abc import AsyncIterator
from datetime import datetime
from typing import Any

from msgspec import Struct
from sqlalchemy.ext.asyncio import AsyncConnection

from projections.query.counts import ByValue, Counted, counts, counts_streamed
from projections.query.dimensions import Dimension
from projections.query.documents import as_numbers_of_some, document, list_of
from projections.query.metrics import EVENTS_BY_NAME, METRIC_NAMED, METRICS, Metric, Numbers, percent
from projections.query.question import WebQuestion
from projections.query.sums import VISITORS, VISITS, Of, Sum, among, visitors_with
from projections.read_models.hits import Kind

_OF_VISITS = tuple(metric for metric in METRICS if metric.column)
_OF_HITS = {Kind.PAGEVIEW: METRIC_NAMED["pageviews"], Kind.EVENT: EVENTS_BY_NAME}
# Every number that stands beside a value of one dimension or another.
ROW_METRICS: tuple[Metric, ...] = (*_OF_VISITS, *_OF_HITS.values())


class ValueRow(Struct, frozen=True, kw_only=True):
    """One value and its numbers; an empty value means not known, and ``share`` is in percent."""

    value: str
    visitors: int
    share: float
    numbers: Numbers


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
    return _OF_VISITS if dimension.of is Of.VISIT else (_OF_HITS[dimension.kind],)


async def count_visitors(connection: AsyncConnection, question: WebQuestion) -> int:
    """Count the visitors that the shares of every breakdown of *question* are parts of."""
    (row,) = await counts(connection, question, question.span, [VISITORS])
    return row.sums["visitors"]


async def breakdown(connection: AsyncConnection, question: WebQuestion, dimension: Dimension, *, visitors: int) -> Breakdown:
    """Answer *question* for each value of *dimension*; *visitors* is what count_visitors() says."""
    sums, cut = _sums_of(dimension), ByValue(dimension)
    found = await counts(connection, question, question.span, sums, cut, largest=question.limit + 1)
    return Breakdown(
        site=question.site,
        dimension=dimension,
        visitors=visitors,
        rows=[_row(row, dimension, visitors) for row in found[: question.limit]],
        more=len(found) > question.limit,
    )


async def all_rows(
    connection: AsyncConnection, question: WebQuestion, dimension: Dimension, *, visitors: int
) -> AsyncIterator[list[ValueRow]]:
    """Yield every row of the breakdown, whatever its limit, the greatest first and some at a time."""
    async for found in counts_streamed(connection, question, question.span, _sums_of(dimension), ByValue(dimension)):
        yield [_row(row, dimension, visitors) for row in found]


def _sums_of(dimension: Dimension) -> list[Sum]:
    # The first two say which values are the greatest.
    first = [VISITORS, VISITS] if dimension.of is Of.VISIT else [visitors_with(*dimension.kinds)]
    added = [among(one, dimension.kinds) for metric in row_metrics(dimension) for one in metric.sums]
    return list({one.name: one for one in [*first, *added]}.values())


def _row(row: Counted, dimension: Dimension, visitors: int) -> ValueRow:
    return ValueRow(
        value=row.key[0],
        visitors=row.sums["visitors"],
        # Who saw a page in a visit that began before the period is not among its visitors.
        share=min(percent(row.sums["visitors"], visitors), 100.0),
        numbers={metric.name: metric.formula(row.sums) for metric in row_metrics(dimension)},
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
