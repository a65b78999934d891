"""The overview: six numbers of a period, the same of the period before, and the change between them."""

from datetime import datetime

from msgspec import Struct
from msgspec.structs import asdict
from sqlalchemy.ext.asyncio import AsyncConnection

from projections.query.matching import hits_in, visits_in
from projections.query.parameters import Metric
from projections.query.periods import Span
from projections.query.question import Question
from projections.query.tally import hit_count, to_visit_tally, visit_tally
from projections.read_models.hits import Kind


class Numbers(Struct, frozen=True, kw_only=True):
    """The numbers of one span; None where there is no visit to take a mean of."""

    visitors: int
    visits: int
    pageviews: int
    views_per_visit: float | None
    bounce_rate: float | None
    visit_duration: int | None

    def get(self, metric: Metric) -> float | None:
        """Return the number called *metric*."""
        number: float | None = getattr(self, metric.value)
        return number


class Change(Struct, frozen=True, kw_only=True):
    """How each number moved, in percent (the bounce rate in percentage points); None where there is nothing to compare with."""

    visitors: float | None
    visits: float | None
    pageviews: float | None
    views_per_visit: float | None
    bounce_rate: float | None
    visit_duration: float | None

    def get(self, metric: Metric) -> float | None:
        """Return the change of the number called *metric*."""
        number: float | None = getattr(self, metric.value)
        return number


class Previous(Numbers, frozen=True, kw_only=True):
    """The numbers of the span before."""

    since: datetime
    until: datetime


class Overview(Numbers, frozen=True, kw_only=True):
    """The answer: the numbers of the period, those of the one before it, and how they moved."""

    site: str
    since: datetime
    until: datetime
    previous: Previous
    change: Change
    as_of: datetime | None = None


async def overview(connection: AsyncConnection, question: Question) -> Overview:
    """Answer *question* in six numbers."""
    span, before, zone = question.span, question.previous, question.zone
    current = await _numbers(connection, question, span)
    previous = await _numbers(connection, question, before)
    return Overview(
        site=question.site,
        since=span.since.astimezone(zone),
        until=span.until.astimezone(zone),
        **asdict(current),
        previous=Previous(since=before.since.astimezone(zone), until=before.until.astimezone(zone), **asdict(previous)),
        change=_change(current, previous),
    )


async def _numbers(connection: AsyncConnection, question: Question, span: Span) -> Numbers:
    tally = to_visit_tally((await connection.execute(visit_tally(visits_in(question, span)))).one())
    pageviews = (await connection.execute(hit_count(hits_in(question, span, Kind.PAGEVIEW)))).scalar_one()
    return Numbers(
        visitors=tally.visitors,
        visits=tally.visits,
        pageviews=pageviews,
        views_per_visit=tally.views_per_visit,
        bounce_rate=tally.bounce_rate,
        visit_duration=tally.visit_duration,
    )


def _change(current: Numbers, previous: Numbers) -> Change:
    return Change(**{metric.value: _moved(metric, current.get(metric), previous.get(metric)) for metric in Metric})


def _moved(metric: Metric, current: float | None, previous: float | None) -> float | None:
    if current is None or previous is None:
        return None
    if metric is Metric.BOUNCE_RATE:
        return round(current - previous, 1)
    return round(100 * (current - previous) / previous, 1) if previous else None
