"""The tiles: the numbers of the top row, each with its change and its meaning."""

from msgspec import Struct

from projections.dashboard.links import PageState
from projections.dashboard.words import change_in_words, day_in_words, exactly, in_words
from projections.query.metrics import METRICS, Metric
from projections.query.web.overview import Overview


class Tile(Struct, frozen=True, kw_only=True):
    """One number of the top row; ``mood`` says whether its change is good, bad or neither."""

    metric: Metric
    value: str
    exact: str
    change: str
    direction: str
    mood: str
    before: str
    href: str
    is_shown: bool


def tiles_of(numbers: Overview, state: PageState) -> list[Tile]:
    """Return a tile for each metric."""
    return [_tile(metric, numbers, state) for metric in METRICS]


def compared_with(numbers: Overview) -> str:
    """Return the span that *numbers* are compared with, in words."""
    since, until = numbers.previous_since, numbers.previous_until
    return f"{day_in_words(since)} to {day_in_words(until)}, {until:%H:%M}"


def _tile(metric: Metric, numbers: Overview, state: PageState) -> Tile:
    change, value, before = (of[metric.name] for of in (numbers.change, numbers.numbers, numbers.previous))
    return Tile(
        metric=metric,
        value=in_words(metric.unit, value),
        exact=exactly(value),
        change=change_in_words(metric.unit, change) if change else "",
        direction=_direction(change),
        mood=_mood(metric, change),
        before=in_words(metric.unit, before),
        href=state.measuring(metric).href(),
        is_shown=state.metric is metric,
    )


def _direction(change: float | None) -> str:
    if not change:
        return "same" if change == 0 else "none"
    return "up" if change > 0 else "down"


def _mood(metric: Metric, change: float | None) -> str:
    if not change:
        return "neutral"
    return "good" if (change > 0) != metric.less_is_better else "bad"
