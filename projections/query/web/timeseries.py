"""The time series: one metric in buckets from local minutes to months, beside those of another period where that is asked."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from msgspec import UNSET, Struct, UnsetType
from msgspec.structs import replace
from sqlalchemy.ext.asyncio import AsyncConnection

from projections.query.compared import Compare, beside, other_days
from projections.query.counts import ByBucket, counts_for
from projections.query.documents import MetricName, document
from projections.query.metrics import Metric
from projections.query.periods import Days, Interval, Span, edges
from projections.query.question import WebQuestion


class Point(Struct, frozen=True, kw_only=True):
    """One bucket: from ``start`` (local time with its offset) up to the next one's, and its number.

    Where another period was asked for, too, ``previous_start`` and ``previous`` are those of its bucket that stands beside this
    one; null where none does.
    """

    start: datetime
    value: float | None
    previous_start: datetime | UnsetType | None = UNSET
    previous: float | UnsetType | None = UNSET


class Timeseries(Struct, frozen=True, kw_only=True):
    """The answer: every bucket of the period in order, also the empty ones; ``compared`` are the days beside them, if any."""

    site: str
    timezone: str
    metric: Metric
    interval: Interval
    until: datetime
    points: list[Point]
    compared: Days | None


DOCUMENT = document(
    "Timeseries",
    "Every bucket of the period in order, also the empty ones.",
    [
        ("site", str),
        ("timezone", str),
        ("metric", MetricName),
        ("interval", Interval),
        ("until", datetime),
        ("points", list[Point]),
        ("as_of", datetime | None),
    ],
)


async def timeseries(connection: AsyncConnection, question: WebQuestion) -> Timeseries:
    """Answer *question* as a row of numbers."""
    bounds = edges(question.days, question.zone, question.interval)
    values = await _values(connection, question, question.span, bounds)
    points = [
        Point(start=start.astimezone(question.zone), value=value) for start, value in zip(bounds[:-1], values, strict=True)
    ]
    other = question.asked_beside
    return Timeseries(
        site=question.site,
        timezone=question.timezone,
        metric=question.metric,
        interval=question.interval,
        until=bounds[-1].astimezone(question.zone),
        points=points if other is None else await _beside(connection, question, other, points),
        compared=None if other is None else other_days(other, question.zone),
    )


async def _values(
    connection: AsyncConnection, question: WebQuestion, span: Span, bounds: Sequence[datetime]
) -> list[float | None]:
    metric = question.metric
    found = await counts_for(connection, question, span, [metric], ByBucket(bounds))
    values = {bucket: metric.formula(sums) for (bucket,), sums in found.items()}
    return [values.get(number, metric.empty) for number in range(1, len(bounds))]


async def _beside(connection: AsyncConnection, question: WebQuestion, other: Span, points: list[Point]) -> list[Point]:
    zone, compare = question.zone, question.compare or Compare.PREVIOUS
    bounds, beside_it = beside(compare, question.days, other, zone, question.interval)
    values = await _values(connection, question, other, bounds)
    partners = [beside_it.get(point.start.astimezone(UTC)) for point in points]
    return [
        replace(
            point,
            previous_start=None if number is None else bounds[number].astimezone(zone),
            previous=None if number is None else values[number],
        )
        for point, number in zip(points, partners, strict=True)
    ]


def to_document(answer: Timeseries, as_of: datetime | None) -> Any:
    """Return *answer* as the API writes it."""
    return DOCUMENT(
        site=answer.site,
        timezone=answer.timezone,
        metric=MetricName(answer.metric.name),
        interval=answer.interval,
        until=answer.until,
        points=answer.points,
        as_of=as_of,
    )
