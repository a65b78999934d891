"""Revenue: what events earned, each currency by itself, in exact decimals; whole, and for each value of a dimension."""

from collections.abc import Iterator
from datetime import datetime
from decimal import ROUND_HALF_EVEN, Context, Decimal, localcontext
from typing import Any, Final

from msgspec import Struct
from sqlalchemy import ColumnElement, FromClause, case, func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from projections.query.dimensions import Dimension
from projections.query.matching import LONGEST_VISIT, every, hits_in, within
from projections.query.periods import Span
from projections.query.question import WebQuestion
from projections.query.sums import Of
from projections.query.web.breakdown import count_visitors_in
from projections.read_models.hits import HITS, NOBODY, Kind
from projections.read_models.visits import VISITS

# An amount has 30 digits on each side of its point at the most, and a sum of very many some more.
_EXACT: Final = Context(prec=120, rounding=ROUND_HALF_EVEN)
# What is divided is rounded to this, a hundredth of the cents that most currencies have.
_PLACES: Final = Decimal("0.0001")


class Earned(Struct, frozen=True, kw_only=True):
    """What was earned: decimals as texts, for floats do not add up. A mean is null where there is nothing to take it of.

    ``per_paid_event`` and ``per_visitor`` are rounded to four places, half to even.
    """

    revenue: str
    paid_events: int
    paying_visitors: int
    per_paid_event: str | None
    per_visitor: str | None


class OfCurrency(Struct, frozen=True, kw_only=True):
    """What was earned in one currency, in the period and in what it is compared with, if anything; ``change`` is in percent."""

    currency: str
    now: Earned
    previous: Earned | None
    change: float | None


class Revenue(Struct, frozen=True, kw_only=True):
    """The answer: every currency with any revenue in either period, by its code, and the visitors that it is divided by."""

    site: str
    visitors: int
    currencies: list[OfCurrency]
    as_of: datetime | None = None


class EarnedBy(Struct, frozen=True, kw_only=True):
    """What one value earned in one currency; an empty value means not known."""

    value: str
    currency: str
    revenue: str
    paid_events: int
    paying_visitors: int
    per_paid_event: str


class RevenueBreakdown(Struct, frozen=True, kw_only=True):
    """The answer: for each currency, by its code, at most ``limit`` rows behind the first ``offset``, most revenue first."""

    site: str
    dimension: str
    rows: list[EarnedBy]
    more: bool
    as_of: datetime | None = None


async def revenue(connection: AsyncConnection, question: WebQuestion) -> Revenue:
    """Answer *question* in what was earned."""
    now = await _earned(connection, question, question.span)
    before = None if question.other is None else await _earned(connection, question, question.other)
    found = {*now.by_currency, *(before.by_currency if before else ())}
    return Revenue(
        site=question.site,
        visitors=now.visitors,
        currencies=[
            _compared(currency, now.of(currency), before.of(currency) if before else None) for currency in sorted(found)
        ],
    )


async def revenue_by(connection: AsyncConnection, question: WebQuestion, dimension: Dimension) -> RevenueBreakdown:
    """Answer *question* in what each value of *dimension* earned: that of the event, or of the visit that it happened in."""
    paid, conditions, value = _paid_by(question, dimension)
    each = (
        select(
            value.label("value"),
            HITS.c.currency,
            HITS.c.visitor,
            func.sum(HITS.c.revenue).label("amount"),
            func.count().label("events"),
        )
        .select_from(paid)
        .where(every(conditions))
        .group_by("value", HITS.c.currency, HITS.c.day, HITS.c.visitor)
        .subquery("each_visitor")
    )
    amount = func.sum(each.c.amount)
    rank = func.row_number().over(partition_by=each.c.currency, order_by=(amount.desc(), each.c.value.collate("C")))
    rows = (
        select(each.c.value, each.c.currency, amount, func.sum(each.c.events), _people(each), rank.label("rank"))
        .group_by(each.c.value, each.c.currency)
        .subquery("rows")
    )
    offset = question.ordering.offset
    last = offset + question.limit
    wanted = rows.c.rank.between(offset + 1, last + 1)
    found = (await connection.execute(select(rows).where(wanted).order_by(rows.c.currency.collate("C"), rows.c.rank))).all()
    return RevenueBreakdown(
        site=question.site,
        dimension=dimension.name,
        rows=list(_rows(found, last)),
        more=any(row.rank > last for row in found),
    )


def plain(amount: Decimal) -> str:
    """Return *amount* in full, without an exponent."""
    return f"{amount:f}"


def _rows(found: Any, last: int) -> Iterator[EarnedBy]:
    for value, currency, amount, events, people, rank in found:
        if rank <= last:
            yield EarnedBy(
                value=value,
                currency=currency,
                revenue=plain(amount),
                paid_events=int(events),
                paying_visitors=people,
                per_paid_event=_divided(amount, int(events)) or "",
            )


def _paid_by(question: WebQuestion, dimension: Dimension) -> tuple[FromClause, list[ColumnElement[bool]], ColumnElement[str]]:
    span = question.span
    conditions = [*hits_in(question, span, Kind.EVENT), HITS.c.revenue.is_not(None)]
    if dimension.of is Of.HIT:
        return HITS, *_named(dimension, conditions, dimension.on(HITS.c))
    # By another name than that of the conditions' own visits.
    joined = VISITS.alias("of_event")
    visits = joined.c
    began = Span(span.since - LONGEST_VISIT, span.until)
    # Visits of one visitor never overlap, so an event is in one at the most; one that names nobody is in none.
    lies_in = every(within(visits, HITS, began, (Kind.EVENT,)))
    value = case((visits.began_at.is_(None), ""), else_=dimension.on(visits))
    return HITS.outerjoin(joined, lies_in), *_named(dimension, conditions, value)


def _named(
    dimension: Dimension, conditions: list[ColumnElement[bool]], value: ColumnElement[str]
) -> tuple[list[ColumnElement[bool]], ColumnElement[str]]:
    return (conditions, value) if dimension.blank else ([*conditions, value != ""], value)


class _Period(Struct, frozen=True, kw_only=True):
    """What was earned in a span, and its visitors."""

    visitors: int
    by_currency: dict[str, Earned]

    def of(self, currency: str) -> Earned:
        """Return what was earned in *currency*, and be it nothing."""
        return self.by_currency.get(currency) or _sum_of(Decimal(), 0, 0, self.visitors)


async def _earned(connection: AsyncConnection, question: WebQuestion, span: Span) -> _Period:
    hits, visitors = HITS.c, await count_visitors_in(connection, question, span)
    each = (
        select(hits.currency, hits.visitor, func.sum(hits.revenue).label("amount"), func.count().label("events"))
        .where(every([*hits_in(question, span, Kind.EVENT), hits.revenue.is_not(None)]))
        .group_by(hits.currency, hits.day, hits.visitor)
        .subquery("each_visitor")
    )
    query = select(each.c.currency, func.sum(each.c.amount), func.sum(each.c.events), _people(each)).group_by(each.c.currency)
    found = {
        currency: _sum_of(amount, int(events), people, visitors)
        for currency, amount, events, people in await connection.execute(query)
    }
    return _Period(visitors=visitors, by_currency=found)


def _people(each: Any) -> ColumnElement[int]:
    return func.count().filter(each.c.visitor != NOBODY).label("people")


def _sum_of(amount: Decimal, events: int, people: int, visitors: int) -> Earned:
    return Earned(
        revenue=plain(amount),
        paid_events=events,
        paying_visitors=people,
        per_paid_event=_divided(amount, events),
        per_visitor=_divided(amount, visitors),
    )


def _divided(amount: Decimal, by: int) -> str | None:
    if not by:
        return None
    with localcontext(_EXACT):
        return plain((amount / by).quantize(_PLACES))


def _compared(currency: str, now: Earned, before: Earned | None) -> OfCurrency:
    change = None if before is None else _moved(Decimal(now.revenue), Decimal(before.revenue))
    return OfCurrency(currency=currency, now=now, previous=before, change=change)


def _moved(now: Decimal, before: Decimal) -> float | None:
    with localcontext(_EXACT):
        return round(float(100 * (now - before) / abs(before)), 1) if before else None
