"""Time as a question means it: local days in a time zone, the instants that bound them, and buckets across clock changes."""

from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from typing import Final
from zoneinfo import ZoneInfo

from msgspec import Struct

_DAY: Final = timedelta(days=1)
_DECEMBER: Final = 12


class Period(StrEnum):
    """The periods that have a name; each is seen from the current local day. ALL begins with the first fact of the site."""

    TODAY = "today"
    YESTERDAY = "yesterday"
    WEEK = "7d"
    FOUR_WEEKS = "28d"
    THIRTY_DAYS = "30d"
    NINETY_DAYS = "90d"
    MONTH = "month"
    LAST_MONTH = "last_month"
    TWELVE_MONTHS = "12mo"
    YEAR = "year"
    ALL = "all"
    CUSTOM = "custom"


class Interval(StrEnum):
    """The width of a bucket, by the clock on the wall; a week begins on Monday, as ISO 8601 has it."""

    MINUTE = "minute"
    FIVE_MINUTES = "5minutes"
    QUARTER_HOUR = "15minutes"
    HOUR = "hour"
    DAY = "day"
    WEEK = "week"
    MONTH = "month"


# Those that are parts of an hour, or one.
MINUTES_OF: Final[Mapping[Interval, int]] = {
    Interval.MINUTE: 1,
    Interval.FIVE_MINUTES: 5,
    Interval.QUARTER_HOUR: 15,
    Interval.HOUR: 60,
}
# A day by the minute fits, also the one that has 25 hours.
MAX_BUCKETS: Final = 1500
_BY_DAY: Final = 92  # a quarter of a year
_BY_WEEK: Final = 190  # half a year
_WEEK: Final = 7
_SHORTEST_MONTH: Final = 28
_MINUTES_A_DAY: Final = 24 * 60


class Days(Struct, frozen=True):
    """Whole local days, both ends included."""

    first: date
    last: date

    def __len__(self) -> int:
        """Return how many days there are."""
        return (self.last - self.first).days + 1


class Span(Struct, frozen=True):
    """The instants from ``since`` up to, and not including, ``until``; both UTC."""

    since: datetime
    until: datetime


_LENGTHS: Final = {Period.WEEK: 7, Period.FOUR_WEEKS: 28, Period.THIRTY_DAYS: 30, Period.NINETY_DAYS: 90}


def named_days(period: Period, today: date) -> Days:
    """Return the days that a named *period* means on the local date *today*; of ALL, which only the facts know, today alone."""
    yesterday, end_of_month = today - _DAY, next_month(today) - _DAY
    first_of_month = today.replace(day=1)
    first = {
        Period.YESTERDAY: yesterday,
        Period.MONTH: first_of_month,
        Period.LAST_MONTH: (first_of_month - _DAY).replace(day=1),
        Period.TWELVE_MONTHS: next_month(today).replace(year=next_month(today).year - 1),
        Period.YEAR: today.replace(month=1, day=1),
        **{period: today - (length - 1) * _DAY for period, length in _LENGTHS.items()},
    }
    last = {
        Period.YESTERDAY: yesterday,
        Period.MONTH: end_of_month,
        Period.LAST_MONTH: first_of_month - _DAY,
        Period.TWELVE_MONTHS: end_of_month,
        Period.YEAR: today.replace(month=_DECEMBER, day=31),
    }
    return Days(first.get(period, today), last.get(period, today))


def stepped(days: Days, *, back: bool) -> Days:
    """Return the days just before *days*, or behind them: as many months where they are whole ones, else as many days."""
    behind = days.last + _DAY
    if days.first.day != 1 or behind.day != 1:
        length = len(days) * (-_DAY if back else _DAY)
        return Days(days.first + length, days.last + length)
    months = 12 * (behind.year - days.first.year) + behind.month - days.first.month
    first = _months_on(days.first, -months) if back else behind
    return Days(first, _months_on(first, months) - _DAY)


def _months_on(first_of_month: date, months: int) -> date:
    number = 12 * first_of_month.year + first_of_month.month - 1 + months
    return date(number // 12, number % 12 + 1, 1)


def midnight(day: date, zone: ZoneInfo) -> datetime:
    """Return the instant at which the local *day* begins, also where the clock skips that midnight."""
    return datetime.combine(day, time(), zone).astimezone(UTC)


def span_of(days: Days, zone: ZoneInfo) -> Span:
    """Return the instants of *days* in *zone*."""
    return Span(midnight(days.first, zone), midnight(days.last + _DAY, zone))


def previous_span(days: Days, zone: ZoneInfo, now: datetime) -> Span:
    """Return as many days just before *days*; while the period is still running, cut at the same time of the day.

    Comparing half a Tuesday with a whole Monday would show a loss every morning.
    """
    wall = now.astimezone(zone)
    running = days.first <= wall.date() <= days.last
    length = (wall.date() - days.first).days + 1 if running else len(days)
    since = midnight(days.first - length * _DAY, zone)
    if not running:
        return Span(since, midnight(days.first, zone))
    return Span(since, (wall.replace(tzinfo=None) - length * _DAY).replace(tzinfo=zone).astimezone(UTC))


def default_interval(days: Days) -> Interval:
    """Return the interval that shows *days* best."""
    if len(days) == 1:
        return Interval.HOUR
    if len(days) <= _BY_DAY:
        return Interval.DAY
    return Interval.WEEK if len(days) <= _BY_WEEK else Interval.MONTH


def bucket_count(days: Days, interval: Interval) -> int:
    """Return about how many buckets *days* have."""
    if interval in MINUTES_OF:
        return len(days) * _MINUTES_A_DAY // MINUTES_OF[interval]
    width = {Interval.DAY: 1, Interval.WEEK: _WEEK}.get(interval, _SHORTEST_MONTH)
    return len(days) // width + (width > 1)


def fitting_intervals(days: Days) -> list[Interval]:
    """Return the intervals that *days* can be cut by: of more than one bucket, and not of too many."""
    return [one for one in Interval if bucket_count(days, one) <= MAX_BUCKETS and not _is_wider(one, days)]


def _is_wider(interval: Interval, days: Days) -> bool:
    widest = {Interval.DAY: 1, Interval.WEEK: _WEEK, Interval.MONTH: _SHORTEST_MONTH}
    return len(days) <= widest.get(interval, 0)


def edges(days: Days, zone: ZoneInfo, interval: Interval) -> list[datetime]:
    """Return the instants that bound the buckets, strictly rising: bucket *i* lies between edge *i* and edge *i* + 1."""
    if interval in MINUTES_OF:
        whole = span_of(days, zone)
        return sorted({*_clock_steps(whole, zone, MINUTES_OF[interval]), whole.until})
    # A set, because a day that a country skipped (Samoa's 30 December 2011) begins and ends at the same instant.
    return sorted({midnight(day, zone) for day in day_edges(days, interval)})


def day_edges(days: Days, interval: Interval) -> list[date]:
    """Return the local days at which the buckets of *days* begin, and the one at which the last of them ends."""
    starts, first = [], days.first
    while first <= days.last:
        starts.append(first)
        first = _next_start(first, interval)
    return [*starts, days.last + _DAY]


def _next_start(day: date, interval: Interval) -> date:
    match interval:
        case Interval.WEEK:
            return day + (_WEEK - day.weekday()) * _DAY
        case Interval.MONTH:
            return next_month(day)
    return day + _DAY


def _clock_steps(span: Span, zone: ZoneInfo, minutes: int) -> Iterator[datetime]:
    # Each step ends at the next full hour (or part of it) on the wall: days of 23 and 25 hours come out right, and Lord Howe's
    # half hour too.
    edge = span.since
    while edge < span.until:
        yield edge
        wall = edge.astimezone(zone)
        edge += timedelta(minutes=minutes - wall.minute % minutes) - timedelta(seconds=wall.second)


def next_month(day: date) -> date:
    """Return the first day of the month after *day*'s."""
    return date(day.year + day.month // _DECEMBER, day.month % _DECEMBER + 1, 1)
