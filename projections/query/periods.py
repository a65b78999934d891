"""Time as a question means it: local days in a time zone, the instants that bound them, and buckets across clock changes."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

from msgspec import Struct

_DAY = timedelta(days=1)
_DECEMBER = 12


class Period(StrEnum):
    """The periods that have a name; each ends with the current local day, month or year."""

    TODAY = "today"
    YESTERDAY = "yesterday"
    WEEK = "7d"
    THIRTY_DAYS = "30d"
    MONTH = "month"
    TWELVE_MONTHS = "12mo"
    YEAR = "year"
    CUSTOM = "custom"


class Interval(StrEnum):
    """The width of a bucket, by the clock on the wall."""

    HOUR = "hour"
    DAY = "day"
    MONTH = "month"


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


def named_days(period: Period, today: date) -> Days:
    """Return the days that a named *period* means on the local date *today*."""
    yesterday, end_of_month = today - _DAY, next_month(today) - _DAY
    first = {
        Period.YESTERDAY: yesterday,
        Period.WEEK: today - 6 * _DAY,
        Period.THIRTY_DAYS: today - 29 * _DAY,
        Period.MONTH: today.replace(day=1),
        Period.TWELVE_MONTHS: next_month(today).replace(year=next_month(today).year - 1),
        Period.YEAR: today.replace(month=1, day=1),
    }
    last = {
        Period.YESTERDAY: yesterday,
        Period.MONTH: end_of_month,
        Period.TWELVE_MONTHS: end_of_month,
        Period.YEAR: today.replace(month=_DECEMBER, day=31),
    }
    return Days(first.get(period, today), last.get(period, today))


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
    return Interval.DAY if len(days) <= 92 else Interval.MONTH  # noqa: PLR2004  # a quarter of a year by day


def bucket_count(days: Days, interval: Interval) -> int:
    """Return about how many buckets *days* have."""
    return {Interval.HOUR: len(days) * 24, Interval.DAY: len(days), Interval.MONTH: len(days) // 28 + 1}[interval]


def edges(days: Days, zone: ZoneInfo, interval: Interval) -> list[datetime]:
    """Return the instants that bound the buckets, strictly rising: bucket *i* lies between edge *i* and edge *i* + 1."""
    whole = span_of(days, zone)
    inner = (edge for edge in _steps(days, zone, interval) if whole.since < edge < whole.until)
    # A set, because a day that a country skipped (Samoa's 30 December 2011) begins and ends at the same instant.
    return sorted({whole.since, *inner, whole.until})


def _steps(days: Days, zone: ZoneInfo, interval: Interval) -> Iterator[datetime]:
    match interval:
        case Interval.HOUR:
            yield from _hours(span_of(days, zone), zone)
        case Interval.DAY:
            yield from (midnight(days.first + n * _DAY, zone) for n in range(len(days)))
        case Interval.MONTH:
            first = days.first
            while first <= days.last:
                yield midnight(first, zone)
                first = next_month(first)


def _hours(span: Span, zone: ZoneInfo) -> Iterator[datetime]:
    # Each step ends at the next full hour on the wall: days of 23 and 25 hours come out right, and Lord Howe's half hour too.
    edge = span.since
    while edge < span.until:
        yield edge
        wall = edge.astimezone(zone)
        edge += timedelta(hours=1) - timedelta(minutes=wall.minute, seconds=wall.second)


def next_month(day: date) -> date:
    """Return the first day of the month after *day*'s."""
    return date(day.year + day.month // _DECEMBER, day.month % _DECEMBER + 1, 1)
