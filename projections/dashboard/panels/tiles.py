"""The tiles: the numbers of the top row, each with its change and its meaning."""

from msgspec import Struct

from projections.dashboard.links import PageState
from projections.dashboard.panels.moved import direction_of, mood_of
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
    """Return the span that *numbers* are compared with, in words; "" where they are compared with nothing."""
    other = numbers.compared
    return f"{day_in_words(other.since)} to {day_in_words(other.until)}, {other.until:%H:%M}" if other else ""


def _tile(metric: Metric, numbers: Overview, state: PageState) -> Tile:
    value, other = numbers.numbers[metric.name], numbers.compared
    change, before = (other.change[metric.name], other.numbers[metric.name]) if other else (None, None)
    return Tile(
        metric=metric,
        value=in_words(metric.unit, value),
        exact=exactly(value),
        change=change_in_words(metric.unit, change) if change else "",
        direction=direction_of(change),
        mood=mood_of(metric, change),
        before=in_words(metric.unit, before),
        href=state.measuring(metric).href(),
        is_shown=state.metric is metric,
    )
