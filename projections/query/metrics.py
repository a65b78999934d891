"""The metrics, each written once: answers, changes, charts, CSV, the API's document and the definitions are made from them.

A new number is one entry in METRICS, which every overview has, or in FURTHER, which are there for who asks. It names the sums
that it needs, and makes a number of them.
"""

from collections.abc import Callable, Mapping
from enum import StrEnum
from typing import Any, TypeAlias

from msgspec import Struct

from projections.query.sums import (
    BOUNCES,
    CONVERTED,
    DURATION_MS,
    ENGAGED_MS,
    EVENTS,
    PAGEVIEWS,
    VIEWS,
    VISITORS,
    VISITS,
    Sum,
)

# What was added up, by the names of the sums.
Sums: TypeAlias = Mapping[str, int]
# Numbers by the names of their metrics; None where there is nothing to take a mean of.
Numbers: TypeAlias = Mapping[str, float | None]


class Unit(StrEnum):
    """What a number is a number of, which also says how it is written, compared and drawn."""

    COUNT = "count"
    MEAN = "number with two decimals"
    PERCENT = "percent with one decimal"
    SECONDS = "whole seconds"

    @property
    def json_type(self) -> Any:
        """Return the type of such a number in an answer; only counts always have one."""
        return {Unit.COUNT: int, Unit.SECONDS: int | None}.get(self, float | None)


class Metric(Struct, frozen=True, kw_only=True):
    """One number: what it is called, how it is made, and what it means.

    ``version`` rises when the same facts would give another number. ``column`` is the heading under which it stands beside each
    value of a dimension of visits; without one it does not, and with one all its sums must be of visits.
    """

    name: str
    title: str
    unit: Unit
    sums: tuple[Sum, ...]
    formula: Callable[[Sums], float | None]
    meaning: str
    version: int = 1
    less_is_better: bool = False
    column: str = ""

    @property
    def empty(self) -> float | None:
        """Return the number of nothing: a count is 0, but a mean over nothing is no number."""
        return self.formula({one.name: 0 for one in self.sums})

    def change(self, current: float | None, previous: float | None) -> float | None:
        """Return how the number moved, in percent or in points; None where there is nothing to compare with."""
        if current is None or previous is None:
            return None
        if self.unit is Unit.PERCENT:
            return round(current - previous, 1)
        return round(100 * (current - previous) / previous, 1) if previous else None


def percent(part: int, whole: int) -> float:
    """Return *part* of *whole* as a percentage with one decimal; nothing of nothing is 0."""
    return round(100 * part / whole, 1) if whole else 0.0


def _views_per_visit(sums: Sums) -> float | None:
    return round(sums["views"] / sums["visits"], 2) if sums["visits"] else None


def _bounce_rate(sums: Sums) -> float | None:
    return percent(sums["bounces"], sums["visits"]) if sums["visits"] else None


def _visit_duration(sums: Sums) -> float | None:
    return round(sums["duration_ms"] / sums["visits"] / 1000) if sums["visits"] else None


METRICS: tuple[Metric, ...] = (
    Metric(
        name="visitors",
        title="Visitors",
        unit=Unit.COUNT,
        sums=(VISITORS,),
        formula=lambda sums: sums["visitors"],
        version=2,
        meaning="Distinct visitors among the visits that began in the period. A visitor is known for one UTC day, on which it "
        "happened, because the key that makes the id is destroyed at midnight UTC; over several days the number is the sum of "
        "the days, and somebody who comes on three days counts three times.",
    ),
    Metric(
        name="visits",
        title="Visits",
        unit=Unit.COUNT,
        sums=(VISITS,),
        formula=lambda sums: sums["visits"],
        column="Visits",
        meaning="A visitor's facts with no gap over 30 minutes between them, cut at midnight UTC. A visit belongs to the "
        "moment it began, and counts when it has at least one pageview or custom event.",
    ),
    Metric(
        name="pageviews",
        title="Pageviews",
        unit=Unit.COUNT,
        sums=(PAGEVIEWS,),
        formula=lambda sums: sums["pageviews"],
        meaning="Pages that were seen in the period; a change of address inside a single-page app is one.",
    ),
    Metric(
        name="views_per_visit",
        title="Views per visit",
        unit=Unit.MEAN,
        sums=(VIEWS, VISITS),
        formula=_views_per_visit,
        version=2,
        meaning="Pageviews of the visits that began in the period, divided by those visits. With a filter by page, hostname or "
        "bot it is the pageviews that have it, as counted in the period. Empty when there are no visits.",
    ),
    Metric(
        name="bounce_rate",
        title="Bounce rate",
        unit=Unit.PERCENT,
        sums=(BOUNCES, VISITS),
        formula=_bounce_rate,
        less_is_better=True,
        column="Bounce rate",
        meaning="Of the visits that began in the period, those with exactly one pageview and no interactive custom event. "
        "Its change is in percentage points.",
    ),
    Metric(
        name="visit_duration",
        title="Visit duration",
        unit=Unit.SECONDS,
        sums=(DURATION_MS, VISITS),
        formula=_visit_duration,
        column="Duration",
        meaning="The mean over the visits that began in the period of: last minus first pageview or event, plus the time that "
        "the last page was in view and in focus.",
    ),
)


def _per(part: str, whole: str) -> Callable[[Sums], float | None]:
    return lambda sums: round(sums[part] / sums[whole], 2) if sums[whole] else None


def _share(part: str, whole: str) -> Callable[[Sums], float | None]:
    return lambda sums: percent(sums[part], sums[whole]) if sums[whole] else None


def _time_on_page(sums: Sums) -> float | None:
    return round(sums["engaged_ms"] / sums["pageviews"] / 1000) if sums["pageviews"] else None


def _scroll_depth(sums: Sums) -> float | None:
    return round(sums["deepest"] / sums["scrolled"], 1) if sums["scrolled"] else None


TOTAL_EVENTS = Metric(
    name="events",
    title="Events",
    unit=Unit.COUNT,
    sums=(EVENTS,),
    formula=lambda sums: sums["events"],
    meaning="Custom events that happened in the period.",
)
# "all_visitors" is no sum over what the question keeps: it is counted with the filters by events set aside.
CONVERSION_RATE = Metric(
    name="conversion_rate",
    title="Conversion rate",
    unit=Unit.PERCENT,
    sums=(CONVERTED,),
    formula=_share("converted", "all_visitors"),
    meaning="Visitors with the custom event (beside a value: with that value; with neither: with any event), of all visitors "
    "whom the filters keep once those by event, property, link, download and 404 page are set aside.",
)
TIME_ON_PAGE = Metric(
    name="time_on_page",
    title="Time on page",
    unit=Unit.SECONDS,
    sums=(ENGAGED_MS, PAGEVIEWS),
    formula=_time_on_page,
    meaning="The time that pages were in view and in focus, as reported in the period, divided by the pageviews of the period. "
    "Empty when there are no pageviews.",
)
# Its sums are the greatest percentage of each visitor and page, which is no sum of rows: web/engagement.py adds them up.
SCROLL_DEPTH = Metric(
    name="scroll_depth",
    title="Scroll depth",
    unit=Unit.PERCENT,
    sums=(),
    formula=_scroll_depth,
    meaning="How far down pages are seen: of each visitor and page, the deepest percentage that was reported in the period, "
    "and the mean of these. A visitor is known for one UTC day; a page of which nothing was reported does not count.",
)
# What there is about a site beside METRICS, for who asks.
FURTHER: tuple[Metric, ...] = (
    TOTAL_EVENTS,
    Metric(
        name="events_per_visit",
        title="Events per visit",
        unit=Unit.MEAN,
        sums=(EVENTS, VISITS),
        formula=_per("events", "visits"),
        meaning="Custom events that happened in the period, divided by the visits that began in it. Empty when there are no "
        "visits.",
    ),
    CONVERSION_RATE,
    TIME_ON_PAGE,
    SCROLL_DEPTH,
)

# What stands beside a page, for who asks; its visits are those that began on the page.
OF_PAGE: tuple[Metric, ...] = (
    Metric(
        name="entries",
        title="Entries",
        unit=Unit.COUNT,
        sums=(VISITS,),
        formula=lambda sums: sums["visits"],
        meaning="Visits that began on the page. The bounce rate beside a page is that of these visits.",
    ),
    next(one for one in METRICS if one.name == "bounce_rate"),
    Metric(
        name="exits",
        title="Exits",
        unit=Unit.COUNT,
        sums=(),
        formula=lambda sums: sums["exits"],
        meaning="Visits that began in the period and ended on the page.",
    ),
    Metric(
        name="exit_rate",
        title="Exit rate",
        unit=Unit.PERCENT,
        sums=(PAGEVIEWS,),
        formula=_share("exits", "pageviews"),
        less_is_better=True,
        meaning="The exits from the page, of its pageviews; it can be over 100, where a visit ended after the period.",
    ),
    TIME_ON_PAGE,
    SCROLL_DEPTH,
)

# What can be cut by time: what is made of sums of rows alone.
IN_SERIES: tuple[Metric, ...] = (*METRICS, *(one for one in FURTHER if one.sums and one is not CONVERSION_RATE))
METRIC_NAMED: dict[str, Metric] = {metric.name: metric for metric in IN_SERIES}
