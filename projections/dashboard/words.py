"""Words for people: numbers, durations, shares, changes and moments, as a page writes them."""

from datetime import date, datetime

from babel import Locale

from projections.query.metrics import Unit
from projections.query.periods import Days, Interval

LOCALE = Locale.parse("en")
_MONTHS = LOCALE.months["format"]
_WEEKDAYS = LOCALE.days["format"]

_LONG = 10_000
# Not the locale's own, which are M and K: a page is read at a glance, and 12.3k is what it has always said.
_THOUSANDS = ((1_000_000_000, "B"), (1_000_000, "M"), (1_000, "k"))
_NOTHING = "\N{EN DASH}"
_MINUTE = 60
_HOUR = 3600


def exactly(number: float | None) -> str:
    """Return *number* in full: 12,345."""
    return _NOTHING if number is None else f"{number:,}"


def noun(number: float | None, one: str) -> str:
    """Return what *number* things are called, one of which is called *one*: pageview, pageviews."""
    return one if number == 1 else f"{one}s"


def counted(number: int, one: str) -> str:
    """Return how many there are: 1 line, 1,234 lines."""
    return f"{exactly(number)} {noun(number, one)}"


def short(number: float) -> str:
    """Return *number* in at most five characters or so: 1,234 and 12.3k."""
    if abs(number) < _LONG:
        return f"{number:,}"
    # 999,950 would round to 1000.0k.
    size, letter = next((size, letter) for size, letter in _THOUSANDS if abs(number) >= size * 0.99995)
    return f"{number / size:.1f}".removesuffix(".0") + letter


def duration(seconds: float) -> str:
    """Return a time span in its two largest units: 45s, 1m 23s, 2h 05m."""
    whole = round(seconds)
    if whole < _MINUTE:
        return f"{whole}s"
    if whole < _HOUR:
        return f"{whole // _MINUTE}m {whole % _MINUTE:02}s"
    return f"{whole // _HOUR}h {whole % _HOUR // _MINUTE:02}m"


def in_words(unit: Unit, number: float | None) -> str:
    """Return *number* the way numbers of *unit* are written."""
    if number is None:
        return _NOTHING
    match unit:
        case Unit.PERCENT:
            return f"{number:g}%"
        case Unit.SECONDS:
            return duration(number)
        case Unit.MEAN:
            return f"{number:.2f}"
        case Unit.COUNT:
            return short(number)


def measured(title: str, unit: Unit, number: float | None) -> str:
    """Return *number* with the name of what it measures: 1 visitor, 12.3k visitors, 45.5% bounce rate."""
    called = title.lower()
    return f"{in_words(unit, number)} {noun(number, called.removesuffix('s')) if unit is Unit.COUNT else called}"


def change_in_words(unit: Unit, change: float) -> str:
    """Return by how much a number moved, without the direction: 12%, 340%, 2.5 points."""
    size = abs(change)
    if unit is Unit.PERCENT:
        return f"{size:g} {noun(size, 'point')}"
    return f"{short(round(size))}%" if size >= 10 else f"{size:g}%"  # noqa: PLR2004  # a decimal says nothing from ten up


def interval_in_words(interval: Interval) -> str:
    """Return what a bucket of that width is called."""
    return {Interval.FIVE_MINUTES: "5 minutes", Interval.QUARTER_HOUR: "quarter hour"}.get(interval, interval.value)


def bucket_in_words(start: datetime, interval: Interval) -> str:
    """Return the full name of a bucket."""
    match interval:
        case Interval.DAY:
            return f"{_WEEKDAYS['wide'][start.weekday()]}, {start.day} {_month(start, 'wide')} {start.year}"
        case Interval.WEEK:
            return f"Week from {weekday_in_words(start)}"
        case Interval.MONTH:
            return f"{_month(start, 'wide')} {start.year}"
    return f"{weekday_in_words(start)}, {start:%H:%M}"


def tick_in_words(start: datetime, interval: Interval) -> str:
    """Return the short name of a bucket, for the axis."""
    match interval:
        case Interval.DAY | Interval.WEEK:
            return f"{start.day} {_month(start)}"
        case Interval.MONTH:
            return f"{_month(start)} {start.year}"
    return f"{start:%H:%M}"


def day_in_words(day: date) -> str:
    """Return a day as people write it: 18 Nov 2026."""
    return f"{day.day} {_month(day)} {day.year}"


def weekday_in_words(day: date) -> str:
    """Return a day with its weekday: Wed 18 Nov 2026."""
    return f"{_WEEKDAYS['abbreviated'][day.weekday()]} {day_in_words(day)}"


def moment_in_words(moment: datetime) -> str:
    """Return a moment of UTC: 21:03:12 UTC on 26 Nov 2026."""
    return f"{moment:%H:%M:%S} UTC on {day_in_words(moment)}"


def days_in_words(days: Days) -> str:
    """Return *days* as people write them."""
    first, last = days.first, days.last
    if first == last:
        return weekday_in_words(first)
    year = "" if first.year == last.year else f" {first.year}"
    return f"{first.day} {_month(first)}{year} to {day_in_words(last)}"


def _month(day: date, width: str = "abbreviated") -> str:
    return str(_MONTHS[width][day.month])
