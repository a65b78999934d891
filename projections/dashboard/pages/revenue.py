"""The page of a site's revenue: what was earned in each currency, and by what it can be told apart."""

from collections.abc import Iterable
from decimal import Decimal
from itertools import groupby
from typing import Any, Final

from litestar import Response, get
from litestar.di import NamedDependency
from litestar.params import FromPath
from sqlalchemy.ext.asyncio import AsyncConnection

from projections.dashboard.links import PageState
from projections.dashboard.money import amount_in_words, money
from projections.dashboard.pages.visits_page import Composed, VisitsView
from projections.dashboard.panels.linked import Choice, LinkedRow, LinkedTable, valued_row
from projections.dashboard.panels.tables import Number
from projections.dashboard.views import Views
from projections.dashboard.words import bucket_in_words, change_in_words, exactly, interval_in_words
from projections.query.api import Desk, PlainRequest
from projections.query.caller import Caller
from projections.query.dimensions import DIMENSION_NAMED, Dimension
from projections.query.metrics import Unit
from projections.query.periods import Interval
from projections.query.properties import property_called
from projections.query.question import WebQuestion, dimension_of
from projections.query.web.properties import properties
from projections.query.web.revenue import EarnedBy, OfCurrency, Revenue, revenue, revenue_by
from projections.query.web.revenue_series import EarnedIn, RevenueSeries, revenue_series

TITLE, BELOW = "Revenue", "revenue"
# Each of these says where the money comes from; any other dimension can be asked for by its address.
_BY: Final = ("source", "channel", "utm_campaign", "referrer", "entry_page", "page", "country", "device", "event")
_MOST_PROPERTIES: Final = 12
_NOTHING = (
    "Nothing was earned in this period. Send what was paid with the event: "
    "collector('Purchase', {revenue: {amount: '9.90', currency: 'EUR'}})"
)


@get([f"/sites/{{site:str}}/{BELOW}", f"/sites/{{site:str}}/{BELOW}/{{dimension:str}}"], include_in_schema=False)
async def show_revenue(
    *,
    desk: NamedDependency[Desk],
    caller: NamedDependency[Caller],
    views: NamedDependency[Views],
    request: PlainRequest,
    site: FromPath[str],
    dimension: FromPath[str] = _BY[0],
) -> Response[Any]:
    """Show what was earned, and by which values of one dimension."""
    named = dimension_of(dimension)
    below = BELOW if named.name == _BY[0] else _below(named)
    view = VisitsView(title=TITLE, below=below, desk=desk, caller=caller, views=views, request=request)

    async def compose(connection: AsyncConnection, question: WebQuestion, state: PageState) -> Composed:
        return await _compose(connection, question, state, named)

    return await view.show(site, compose)


async def _compose(connection: AsyncConnection, question: WebQuestion, state: PageState, by: Dimension) -> Composed:
    whole = await revenue(connection, question)
    answer = await revenue_by(connection, question, by)
    series = await revenue_series(connection, question)
    found = {currency: list(rows) for currency, rows in groupby(answer.rows, lambda row: row.currency)}
    keys = (await properties(connection, question)).rows[:_MOST_PROPERTIES]
    choices = dict.fromkeys((*(DIMENSION_NAMED[name] for name in _BY), *(property_called(row.key) for row in keys), by))
    return Composed(
        numbers=[number for one in whole.currencies for number in _numbers(one)],
        tables=[*_tables(whole, found, by, state, more=answer.more), *_over_time(series)],
        choices=[Choice(title=one.title, href=state.href(below=_below(one)), is_on=one == by) for one in choices],
        chosen_by="Revenue by",
    )


def _below(dimension: Dimension) -> str:
    return f"{BELOW}/{dimension.name}"


def _numbers(one: OfCurrency) -> list[Number]:
    now, currency = one.now, one.currency
    return [
        Number(
            name=f"revenue-{currency}",
            title=f"Revenue, {currency}",
            value=amount_in_words(now.revenue, currency),
            meaning=f"The amounts of the period's events, added up.{_before(one)}",
        ),
        Number(
            name=f"paid-{currency}",
            title=f"Paid events, {currency}",
            value=exactly(now.paid_events),
            meaning=f"Events with an amount in {currency}, of {exactly(now.paying_visitors)} visitors.",
        ),
        Number(
            name=f"mean-{currency}",
            title=f"Per paid event, {currency}",
            value=amount_in_words(now.per_paid_event, currency),
            meaning="The revenue divided by the events with an amount.",
        ),
        Number(
            name=f"per-visitor-{currency}",
            title=f"Per visitor, {currency}",
            value=amount_in_words(now.per_visitor, currency),
            meaning="The revenue divided by all visitors of the period.",
        ),
    ]


def _before(one: OfCurrency) -> str:
    if one.previous is None:
        return ""
    way = "up" if (one.change or 0) > 0 else "down"
    moved = f", {way} by {change_in_words(Unit.COUNT, one.change)}" if one.change else ""
    return f" Before: {money(one.previous.revenue, one.currency)}{moved}."


def _tables(
    whole: Revenue, found: dict[str, list[EarnedBy]], by: Dimension, state: PageState, *, more: bool
) -> list[LinkedTable]:
    currencies: Iterable[str] = [one.currency for one in whole.currencies if one.now.paid_events]
    tables = [_table(currency, found.get(currency, []), by, state, more=more) for currency in currencies]
    return tables or [_table("", [], by, state, more=False)]


def _over_time(series: RevenueSeries) -> list[LinkedTable]:
    earning = {
        one.currency: [point for point in one.points if point.paid_events or Decimal(point.revenue)]
        for one in series.currencies
    }
    return [
        LinkedTable(
            name=f"revenue-{currency}-over-time",
            title=f"{currency} by {interval_in_words(series.interval)}",
            meaning="When it was earned; what is not listed earned nothing",
            of=interval_in_words(series.interval).capitalize(),
            columns=("Revenue", "Paid events"),
            rows=_points(currency, points, series.interval),
            nothing="",
        )
        for currency, points in earning.items()
    ]


def _points(currency: str, points: list[EarnedIn], interval: Interval) -> list[LinkedRow]:
    most = _greatest(point.revenue for point in points)
    return [
        LinkedRow(
            name=bucket_in_words(point.start, interval),
            cells=(money(point.revenue, currency), exactly(point.paid_events)),
            bar=_bar(point.revenue, most),
        )
        for point in reversed(points)
    ]


def _greatest(amounts: Iterable[str]) -> Decimal:
    return max((Decimal(), *map(Decimal, amounts))) or Decimal(1)


def _bar(amount: str, most: Decimal) -> float:
    # A refund has no bar.
    return max(round(float(100 * Decimal(amount) / most), 1), 0.0)


def _table(currency: str, rows: list[EarnedBy], by: Dimension, state: PageState, *, more: bool) -> LinkedTable:
    most = _greatest(row.revenue for row in rows)
    return LinkedTable(
        name=f"revenue-{currency}" if currency else "revenue",
        title=f"{currency} by {by.title}" if currency else "Revenue",
        meaning=f"What was earned, by {by.meaning}",
        of=by.title,
        columns=("Revenue", "Paid events", "Per paid event", "Visitors who paid"),
        rows=[
            valued_row(
                state,
                by,
                row.value,
                (
                    money(row.revenue, currency),
                    exactly(row.paid_events),
                    money(row.per_paid_event, currency),
                    exactly(row.paying_visitors),
                ),
                below=_below(by),
                bar=_bar(row.revenue, most),
            )
            for row in rows
        ],
        nothing="None of it has such a value." if currency else _NOTHING,
        more=more,
    )
