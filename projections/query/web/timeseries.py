"""The time series: one metric, cut into buckets of local hours, days or months."""

from datetime import datetime
from itertools import pairwise
from typing import Any

from msgspec import Struct
from sqlalchemy.ext.asyncio import AsyncConnection

from projections.query.counts import ByBucket, counts_for
from projections.query.documents import MetricName, document
from projections.query.metrics import Metric
from projections.query.periods import Interval, edges
from projections.query.question import WebQuestion


class Point(Struct, frozen=True, kw_only=True):
    """One bucket: from ``start`` (local time with its offset) up to the next one's, and its number."""

    start: datetime
    value: float | None


class Timeseries(Struct, frozen=True, kw_only=True):
    """The answer: every bucket of the period in order, also the empty ones."""

    site: str
    metric: Metric
    interval: Interval
    until: datetime
    points: list[Point]


DOCUMENT = document(
    "Timeseries",
    "Every bucket of the period in order, also the empty ones.",
    [
        ("site", str),
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
    metric = question.metric
    found = await counts_for(connection, question, question.span, [metric], ByBucket(bounds))
    values = {bucket: metric.formula(sums) for (bucket,), sums in found.items()}
    empty = metric.empty
    return Timeseries(
        site=question.site,
        metric=metric,
        interval=question.interval,
        until=bounds[-1].astimezone(question.zone),
        points=[
            Point(start=start.astimezone(question.zone), value=values.get(number, empty))
            for number, (start, _) in enumerate(pairwise(bounds), start=1)
        ],
    )


def to_document(answer: Timeseries, as_of: datetime | None) -> Any:
    """Return *answer* as the API writes it."""
    return DOCUMENT(
        site=answer.site,
        metric=MetricName(answer.metric.name),
        interval=answer.interval,
        until=answer.until,
        points=answer.points,
        as_of=as_of,
    )
