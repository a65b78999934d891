"""The time series: one number, cut into buckets of local hours, days or months."""

from collections.abc import Mapping
from datetime import datetime
from itertools import pairwise
from typing import Any

from msgspec import Struct
from sqlalchemy import ColumnElement, DateTime, Label, bindparam, func
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.ext.asyncio import AsyncConnection

from projections.query.matching import hits_in, visits_in
from projections.query.parameters import Metric
from projections.query.periods import Interval, edges
from projections.query.question import Question
from projections.query.tally import VisitTally, hit_count, to_visit_tally, visit_tally
from projections.read_models.hits import HITS, Kind
from projections.read_models.visits import VISITS


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
    as_of: datetime | None = None


async def timeseries(connection: AsyncConnection, question: Question) -> Timeseries:
    """Answer *question* as a row of numbers."""
    bounds = edges(question.days, question.zone, question.interval)
    if question.metric is Metric.PAGEVIEWS:
        values = await _pageviews(connection, question, bounds)
    else:
        values = await _of_visits(connection, question, bounds)
    empty = None if question.metric in _MEANS else 0
    return Timeseries(
        site=question.site,
        metric=question.metric,
        interval=question.interval,
        until=bounds[-1].astimezone(question.zone),
        points=[
            Point(start=start.astimezone(question.zone), value=values.get(number, empty))
            for number, (start, _) in enumerate(pairwise(bounds), start=1)
        ],
    )


# A mean over no visits is not zero, it is nothing.
_MEANS = frozenset({Metric.VIEWS_PER_VISIT, Metric.BOUNCE_RATE, Metric.VISIT_DURATION})


async def _pageviews(connection: AsyncConnection, question: Question, bounds: list[datetime]) -> Mapping[int, float | None]:
    query = hit_count(hits_in(question, question.span, Kind.PAGEVIEW), _bucket(HITS.c.occurred_at, bounds))
    return {row.bucket: row.hits for row in await connection.execute(query)}


async def _of_visits(connection: AsyncConnection, question: Question, bounds: list[datetime]) -> Mapping[int, float | None]:
    query = visit_tally(visits_in(question, question.span), _bucket(VISITS.c.began_at, bounds))
    return {row.bucket: _number(to_visit_tally(row), question.metric) for row in await connection.execute(query)}


def _number(tally: VisitTally, metric: Metric) -> float | None:
    number: float | None = getattr(tally, metric.value)
    return number


def _bucket(moment: ColumnElement[Any], bounds: list[datetime]) -> Label[int]:
    # The database compares instants; which instants a local day is bounded by has been decided before.
    return func.width_bucket(moment, bindparam("edges", bounds, type_=ARRAY(DateTime(timezone=True)))).label("bucket")
