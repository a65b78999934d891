"""Moved: how a number has changed, in words, as a sign, and whether that is good."""

from typing import Final

from msgspec import Struct

from projections.dashboard.words import change_in_words, in_words
from projections.query.metrics import METRIC_NAMED, Metric
from projections.query.web.breakdown import RowCompared

_VISITORS: Final = METRIC_NAMED["visitors"]


class Moved(Struct, frozen=True, kw_only=True):
    """A change as it is shown: "new" where there was nothing before, and then without a direction."""

    words: str
    direction: str
    mood: str
    before: str


def moved(row: RowCompared | None) -> Moved | None:
    """Return how the visitors of a value have changed, None where it is compared with nothing."""
    if row is None:
        return None
    return moved_by(_VISITORS, row.change[_VISITORS.name], row.numbers[_VISITORS.name])


def moved_by(metric: Metric, change: float | None, before: float | None) -> Moved:
    """Return how a number has moved by *change*, which was *before* in the other days."""
    if change is None:
        return Moved(words="new", direction="none", mood="neutral", before=in_words(metric.unit, before))
    return Moved(
        words=change_in_words(metric.unit, change) if change else "no change",
        direction=direction_of(change),
        mood=mood_of(metric, change),
        before=in_words(metric.unit, before),
    )


def direction_of(change: float | None) -> str:
    """Return whether a number went up, down, stayed the same, or has none before it to be told from."""
    if not change:
        return "same" if change == 0 else "none"
    return "up" if change > 0 else "down"


def mood_of(metric: Metric, change: float | None) -> str:
    """Return whether the *change* of *metric* is good, bad or neither."""
    if not change:
        return "neutral"
    return "good" if (change > 0) != metric.less_is_better else "bad"
