"""The page of one site: everything it shows, answered in one snapshot of the database."""

from datetime import datetime, timedelta

from msgspec import Struct
from sqlalchemy.ext.asyncio import AsyncConnection

from projections.dashboard.chart import Chart, draw
from projections.dashboard.controls import Controls, controls_of
from projections.dashboard.links import Place
from projections.dashboard.panel_kinds import panel_kinds
from projections.dashboard.panels import Panel, fill
from projections.dashboard.words import change_in_words, exactly, in_words
from projections.query.definitions import DEFINITIONS
from projections.query.freshness import Freshness
from projections.query.overview import Overview, overview
from projections.query.parameters import Metric
from projections.query.periods import Span
from projections.query.question import MAX_DAYS, Question
from projections.query.realtime import Realtime, realtime
from projections.query.sites import facts_span
from projections.query.timeseries import timeseries

_DEFINED = {definition.name: definition for definition in DEFINITIONS}
# Where less is better.
_INVERTED = frozenset({Metric.BOUNCE_RATE})


class Tile(Struct, frozen=True, kw_only=True):
    """One number of the top row; ``mood`` says whether its change is good, bad or neither."""

    metric: Metric
    title: str
    meaning: str
    value: str
    exact: str
    change: str
    direction: str
    mood: str
    before: str
    href: str
    is_shown: bool


class MinuteBar(Struct, frozen=True, kw_only=True):
    """One minute of the last half hour, drawn: percent across, pixels down."""

    x: float
    y: float
    height: float
    title: str


class SitePage(Struct, frozen=True, kw_only=True):
    """What the page of a site shows; ``elsewhere`` leads to its facts when the period has none."""

    place: Place
    controls: Controls
    tiles: list[Tile]
    chart: Chart
    chart_title: str
    compared_with: str
    panels: list[Panel]
    now: Realtime
    minutes: list[MinuteBar]
    elsewhere: Place | None
    freshness: Freshness


async def compose(connection: AsyncConnection, question: Question, place: Place, fresh: Freshness, facts: Span) -> SitePage:
    """Answer everything that the page at *place* asks."""
    numbers = await overview(connection, question)
    series = await timeseries(connection, question)
    title = _DEFINED[question.metric].title
    present = await realtime(connection, question)
    return SitePage(
        place=place,
        controls=controls_of(place),
        tiles=[_tile(metric, numbers, place) for metric in Metric],
        chart=draw(series, title=title, place=place, now=question.now),
        chart_title=title,
        compared_with=_compared_with(numbers),
        panels=[await fill(connection, question, kind, place, visitors=numbers.visitors) for kind in panel_kinds(question.who)],
        now=present,
        minutes=_minutes(present.pageviews_per_minute),
        elsewhere=_elsewhere(numbers, question, place, facts),
        freshness=fresh,
    )


async def site_facts(connection: AsyncConnection, question: Question) -> Span | None:
    """Return the moments of the site's first and last fact, or None while it waits for the first."""
    return await facts_span(connection, tenant=question.tenant, site=question.site)


def _tile(metric: Metric, numbers: Overview, place: Place) -> Tile:
    change, value, before = numbers.change.get(metric), numbers.get(metric), numbers.previous.get(metric)
    return Tile(
        metric=metric,
        title=_DEFINED[metric].title,
        meaning=_DEFINED[metric].text,
        value=in_words(metric, value),
        exact=exactly(value),
        change=change_in_words(metric, change) if change else "",
        direction=_direction(change),
        mood=_mood(metric, change),
        before=in_words(metric, before),
        href=place.measuring(metric).href(),
        is_shown=place.metric is metric,
    )


def _direction(change: float | None) -> str:
    if not change:
        return "same" if change == 0 else "none"
    return "up" if change > 0 else "down"


def _mood(metric: Metric, change: float | None) -> str:
    if not change:
        return "neutral"
    return "good" if (change > 0) != (metric in _INVERTED) else "bad"


def _compared_with(numbers: Overview) -> str:
    since, until = numbers.previous.since, numbers.previous.until
    return f"{_day_in_words(since)} to {_day_in_words(until)}, {until:%H:%M}"


def _day_in_words(moment: datetime) -> str:
    return f"{moment.day} {moment:%b %Y}"


def _elsewhere(numbers: Overview, question: Question, place: Place, facts: Span) -> Place | None:
    if numbers.visits or numbers.pageviews or place.filters:
        return None
    first, last = facts.since.astimezone(question.zone).date(), facts.until.astimezone(question.zone).date()
    if question.days.first <= first and last <= question.days.last:
        return None
    return place.between(max(first, last - timedelta(days=MAX_DAYS - 1)), last)


def _minutes(counts: list[int]) -> list[MinuteBar]:
    most = max(counts) or 1
    width = 100 / len(counts)
    return [
        MinuteBar(
            x=round(number * width, 3),
            y=round(48 - 46 * count / most, 1),
            height=round(46 * count / most, 1),
            title=f"{len(counts) - number} min ago: {count}",
        )
        for number, count in enumerate(counts)
        if count
    ]
