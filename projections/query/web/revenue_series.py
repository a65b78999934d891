"""Revenue over time: what was earned in each bucket of the period, each currency by itself."""

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal

from msgspec import Struct
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from projections.query.counts import ByBucket
from projections.query.matching import every, hits_in
from projections.query.periods import Interval, edges
from projections.query.question import WebQuestion
from projections.query.web.revenue import plain
from projections.read_models.hits import HITS, Kind


class EarnedIn(Struct, frozen=True, kw_only=True):
    """One bucket, from ``start`` (local time with its offset) up to the next one's: a decimal as text, and its events."""

    start: datetime
    revenue: str
    paid_events: int


class CurrencySeries(Struct, frozen=True, kw_only=True):
    """Every bucket of the period in order, also the empty ones, in one currency."""

    currency: str
    points: list[EarnedIn]


class RevenueSeries(Struct, frozen=True, kw_only=True):
    """The answer: every currency with any revenue in the period, by its code."""

    site: str
    timezone: str
    interval: Interval
    until: datetime
    currencies: list[CurrencySeries]
    as_of: datetime | None = None


async def revenue_series(connection: AsyncConnection, question: WebQuestion) -> RevenueSeries:
    """Answer *question* in what was earned in each of its buckets."""
    bounds = edges(question.days, question.zone, question.interval)
    found = await _by_currency(connection, question, bounds)
    starts = [bound.astimezone(question.zone) for bound in bounds]
    return RevenueSeries(
        site=question.site,
        timezone=question.timezone,
        interval=question.interval,
        until=starts[-1],
        currencies=[
            CurrencySeries(currency=currency, points=_points(found[currency], starts[:-1])) for currency in sorted(found)
        ],
    )


def _points(earned: dict[int, tuple[Decimal, int]], starts: Sequence[datetime]) -> list[EarnedIn]:
    nothing = (Decimal(), 0)
    buckets = ((start, *earned.get(number, nothing)) for number, start in enumerate(starts, start=1))
    return [EarnedIn(start=start, revenue=plain(amount), paid_events=events) for start, amount, events in buckets]


async def _by_currency(
    connection: AsyncConnection, question: WebQuestion, bounds: Sequence[datetime]
) -> dict[str, dict[int, tuple[Decimal, int]]]:
    hits = HITS.c
    bucket = ByBucket(bounds).on(hits, hits.occurred_at).label("bucket")
    query = (
        select(hits.currency, bucket, func.sum(hits.revenue), func.count())
        .where(every([*hits_in(question, question.span, Kind.EVENT), hits.revenue.is_not(None)]))
        .group_by(hits.currency, bucket)
    )
    found: defaultdict[str, dict[int, tuple[Decimal, int]]] = defaultdict(dict)
    for currency, number, amount, events in await connection.execute(query):
        found[currency][number] = (amount, events)
    return found
