"""Words for people: numbers, durations, shares, changes and moments, as a page writes them."""

from datetime import datetime

from projections.query.parameters import Metric
from projections.query.periods import Interval

_LONG = 10_000
_UNITS = ((1_000_000_000, "B"), (1_000_000, "M"), (1_000, "k"))
_NOTHING = "\N{EN DASH}"
_MINUTE = 60
_HOUR = 3600


def exactly(number: float | None) -> str:
    """Return *number* in full: 12,345."""
    return _NOTHING if number is None else f"{number:,}"


def short(number: float) -> str:
    """Return *number* in at most five characters or so: 1,234 and 12.3k."""
    if abs(number) < _LONG:
        return f"{number:,}"
    # 999,950 would round to 1000.0k.
    size, unit = next((size, unit) for size, unit in _UNITS if abs(number) >= size * 0.99995)
    return f"{number / size:.1f}".removesuffix(".0") + unit


def duration(seconds: float) -> str:
    """Return a time span in its two largest units: 45s, 1m 23s, 2h 05m."""
    whole = round(seconds)
    if whole < _MINUTE:
        return f"{whole}s"
    if whole < _HOUR:
        return f"{whole // _MINUTE}m {whole % _MINUTE:02}s"
    return f"{whole // _HOUR}h {whole % _HOUR // _MINUTE:02}m"


def in_words(metric: Metric, number: float | None) -> str:
    """Return *number* the way *metric* is written."""
    if number is None:
        return _NOTHING
    match metric:
        case Metric.BOUNCE_RATE:
            return f"{number:g}%"
        case Metric.VISIT_DURATION:
            return duration(number)
        case Metric.VIEWS_PER_VISIT:
            return f"{number:.2f}"
    return short(number)


def change_in_words(metric: Metric, change: float) -> str:
    """Return by how much a number moved, without the direction: 12%, 340%, 2.5 points."""
    size = abs(change)
    if metric is Metric.BOUNCE_RATE:
        return f"{size:g} points"
    return f"{short(round(size))}%" if size >= 10 else f"{size:g}%"  # noqa: PLR2004  # a decimal says nothing from ten up


def bucket_in_words(start: datetime, interval: Interval) -> str:
    """Return the full name of a bucket."""
    match interval:
        case Interval.HOUR:
            return f"{start:%a} {start.day} {start:%b %Y, %H:%M}"
        case Interval.DAY:
            return f"{start:%A}, {start.day} {start:%B %Y}"
        case Interval.MONTH:
            return f"{start:%B %Y}"


def tick_in_words(start: datetime, interval: Interval) -> str:
    """Return the short name of a bucket, for the axis."""
    match interval:
        case Interval.HOUR:
            return f"{start:%H:%M}"
        case Interval.DAY:
            return f"{start.day} {start:%b}"
        case Interval.MONTH:
            return f"{start:%b %Y}"
