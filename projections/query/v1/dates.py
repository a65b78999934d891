"""The time of a query: the date_range in all its forms as a span of instants, the one to compare it with, and its buckets."""

import re
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from enum import StrEnum
from itertools import pairwise
from typing import Final
from zoneinfo import ZoneInfo

from msgspec import Struct

from projections.query.periods import (
    MAX_BUCKETS,
    Days,
    Interval,
    Period,
    Span,
    default_interval,
    edges,
    midnight,
    named_days,
    next_month,
)
from projections.query.problems import Refused, bad_parameter
from projections.query.v1.body import Comparison
from projections.query.v1.names import Width

RANGE: Final = "date_range"
ALL: Final = "all"
LAST_24_HOURS: Final = "24h"
_DAY = timedelta(days=1)
_SECOND = timedelta(seconds=1)
_MINUTE = timedelta(minutes=1)
_BOTH: Final = 2
_PREFIX: Final = f"{Width.AUTO}:"
# About as wide as the widest bucket of its name: by which a range that has far too many is known at once.
_WIDEST: Final[Mapping[Width, timedelta]] = {
    Width.MINUTE: _MINUTE,
    Width.HOUR: timedelta(hours=1),
    Width.DAY: _DAY,
    Width.WEEK: 7 * _DAY,
    Width.MONTH: 31 * _DAY,
}
_DAY_OF_A_YEAR = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_MOMENT = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(?:\.[0-9]{1,6})?(?:Z|[+-][0-9]{2}:[0-9]{2})")
_EARLIEST = datetime(1970, 1, 1, tzinfo=UTC)
_LATEST = datetime(2199, 12, 31, tzinfo=UTC)
# What Plausible calls so; every period of ours has its own name here, too.
_ALSO: Final[Mapping[str, Period]] = {"day": Period.TODAY}
_LAST_DAYS: Final[Mapping[str, int]] = {"28d": 28, "90d": 90, "91d": 91}
_LAST_MONTHS: Final[Mapping[str, int]] = {"6mo": 6}


class Time(Struct, frozen=True, kw_only=True):
    """What a query asks about: the instants, the local days that they lie in, and whether they are whole such days."""

    span: Span
    days: Days
    zone: ZoneInfo
    is_whole: bool

    def is_running(self, now: datetime) -> bool:
        """Say whether more of it may happen."""
        return now < self.span.until


class Mode(StrEnum):
    """Which other time rows are compared with."""

    PREVIOUS_PERIOD = "previous_period"
    YEAR_OVER_YEAR = "year_over_year"
    CUSTOM = "custom"


def presets() -> list[str]:
    """Return the names that a date_range may have."""
    ours = [str(period) for period in Period if period is not Period.CUSTOM]
    return [*dict.fromkeys([*_ALSO, LAST_24_HOURS, *ours, *_LAST_DAYS, *_LAST_MONTHS, ALL])]


def read_range(written: str | Sequence[str], field: str, *, zone: ZoneInfo, now: datetime, first: date | None) -> Time:
    """Return the time that is *written* in *field*, or raise Refused; *first* is the day of the first fact, for all."""
    if not isinstance(written, str):
        return _between(written, field, zone)
    if written == LAST_24_HOURS:
        return _of_moments(Span(now - _DAY, now), zone)
    today = now.astimezone(zone).date()
    return of_days(_named(written, field, today, first or today), zone)


def of_days(days: Days, zone: ZoneInfo) -> Time:
    """Return the time that *days* are in *zone*."""
    return Time(span=Span(midnight(days.first, zone), midnight(days.last + _DAY, zone)), days=days, zone=zone, is_whole=True)


def compared(time: Time, wanted: Comparison, now: datetime) -> Time:
    """Return the time that *wanted* compares *time* with, or raise Refused; while *time* runs, cut at the same point of it."""
    field = "include.comparisons"
    if wanted.mode not in set(Mode):
        raise bad_parameter(f"{field}.mode", f"Send one of {', '.join(Mode)}.")
    if (wanted.mode == Mode.CUSTOM) is (wanted.date_range is None):
        raise bad_parameter(f"{field}.date_range", "The mode custom, and no other, takes a date_range of two days or moments.")
    if wanted.date_range is not None:
        return _between(wanted.date_range, f"{field}.{RANGE}", time.zone)
    back = _year_back if wanted.mode == Mode.YEAR_OVER_YEAR else _length_back
    return back(time, now, same_weekday=wanted.match_day_of_week)


def buckets(time: Time, width: Width, field: str) -> list[datetime]:
    """Return the instants that bound the buckets of *time*, strictly rising, or raise Refused where they are too many."""
    span = time.span
    if (span.until - span.since) / _WIDEST[width] > MAX_BUCKETS + 1:
        raise _too_many(field)
    every = edges(time.days, time.zone, Interval(width.removeprefix(_PREFIX)))
    inner = [edge for edge in every if span.since < edge < span.until]
    bounds = [span.since, *inner, span.until]
    if len(bounds) > MAX_BUCKETS + 1:
        raise _too_many(field)
    return [bounds[0], *(after for before, after in pairwise(bounds) if before < after)]


def label(start: datetime, width: Width, zone: ZoneInfo) -> str:
    """Return what the bucket that begins at *start* is called."""
    wall = start.astimezone(zone)
    match width:
        case Width.MINUTE:
            return f"{wall:%Y-%m-%d %H:%M}:00"
        case Width.HOUR:
            return f"{wall:%Y-%m-%d %H}:00:00"
        case Width.MONTH:
            return f"{wall.date().replace(day=1)}"
        case _:
            return f"{wall.date()}"


def width_for(time: Time) -> Width:
    """Return the width that shows *time* best."""
    return Width(f"{_PREFIX}{default_interval(time.days if time.is_whole else _near(time))}")


def _near(time: Time) -> Days:
    # Two halves of days are as little as one whole.
    return Days(time.days.first, time.days.first) if time.span.until - time.span.since <= 2 * _DAY else time.days


def _named(name: str, field: str, today: date, first: date) -> Days:
    if name == ALL:
        return Days(min(first, today), today)
    if name in _LAST_DAYS:
        return Days(today - (_LAST_DAYS[name] - 1) * _DAY, today)
    if name in _LAST_MONTHS:
        month = today.year * 12 + today.month - _LAST_MONTHS[name]
        return Days(date(month // 12, month % 12 + 1, 1), next_month(today) - _DAY)
    if name not in presets():
        raise bad_parameter(field, f"Send one of {', '.join(presets())}, or a list of two days or two moments.")
    return named_days(_ALSO.get(name) or Period(name), today)


def _between(written: Sequence[str], field: str, zone: ZoneInfo) -> Time:
    if len(written) != _BOTH:
        raise bad_parameter(field, "Send two days as YYYY-MM-DD, or two moments with their offset, the first and the last.")
    if not any("T" in one for one in written):
        first, last = (_date(one, f"{field}[{number}]") for number, one in enumerate(written))
        if last < first:
            raise bad_parameter(f"{field}[1]", "The range ends before it begins. Send a day that is not before the first.")
        return of_days(Days(first, last), zone)
    since, last_second = (_moment(one, f"{field}[{number}]") for number, one in enumerate(written))
    if last_second < since:
        raise bad_parameter(f"{field}[1]", "The range ends before it begins. Send a moment that is not before the first.")
    return _of_moments(Span(since, last_second.replace(microsecond=0) + _SECOND), zone)


def _of_moments(span: Span, zone: ZoneInfo) -> Time:
    days = Days(span.since.astimezone(zone).date(), (span.until - _SECOND).astimezone(zone).date())
    return Time(span=span, days=days, zone=zone, is_whole=False)


def _date(text: str, field: str) -> date:
    try:
        day = date.fromisoformat(text if _DAY_OF_A_YEAR.fullmatch(text) else "")
    except ValueError:
        raise bad_parameter(field, "The day cannot be read. Send a day of the calendar as YYYY-MM-DD.") from None
    if not _EARLIEST.date() <= day <= _LATEST.date():
        raise _out_of_range(field)
    return day


def _moment(text: str, field: str) -> datetime:
    try:
        moment = datetime.fromisoformat(text if _MOMENT.fullmatch(text) else "")
        # Checked before the offset is taken off, which can leave the calendar.
        if not _EARLIEST.date() < moment.date() < _LATEST.date():
            raise _out_of_range(field)
        return moment.astimezone(UTC)
    except ValueError:
        detail = "The moment cannot be read. Send it with its offset, as 2026-11-18T09:00:00+01:00, or send two days."
        raise bad_parameter(field, detail) from None


def _out_of_range(field: str) -> Refused:
    return bad_parameter(field, f"The day is out of range. Send one from {_EARLIEST:%Y-%m-%d} to {_LATEST:%Y-%m-%d}.")


def _length_back(time: Time, now: datetime, *, same_weekday: bool) -> Time:
    if not time.is_whole:
        length = time.span.until - time.span.since
        length = _whole_weeks(length) if same_weekday else length
        return _of_moments(Span(time.span.since - length, time.span.until - length), time.zone)
    wall = now.astimezone(time.zone)
    is_running = time.days.first <= wall.date() <= time.days.last
    # Half a month is compared with as many days before it, and not with another half that is whole.
    length = ((wall.date() - time.days.first).days + 1 if is_running else len(time.days)) * _DAY
    return _moved(time, now, _whole_weeks(length) if same_weekday else length)


def _whole_weeks(length: timedelta) -> timedelta:
    return -(-length // (7 * _DAY)) * 7 * _DAY


def _year_back(time: Time, now: datetime, *, same_weekday: bool) -> Time:
    if same_weekday:
        return _moved(time, now, 364 * _DAY)
    last_year = _same_day(time.days.first)
    return _moved(time, now, time.days.first - last_year)


def _same_day(day: date) -> date:
    return day.replace(year=day.year - 1, day=28) if (day.month, day.day) == (2, 29) else day.replace(year=day.year - 1)


def _moved(time: Time, now: datetime, back: timedelta) -> Time:
    """Return *time* as many days earlier by the clock on the wall, cut where *now* cuts it."""
    if not time.is_whole:
        return _of_moments(Span(time.span.since - back, time.span.until - back), time.zone)
    days = Days(time.days.first - back, time.days.last - back)
    other = of_days(days, time.zone)
    if not time.span.since <= now < time.span.until:
        return other
    cut = (now.astimezone(time.zone).replace(tzinfo=None) - back).replace(tzinfo=time.zone).astimezone(UTC)
    return Time(span=Span(other.span.since, cut), days=days, zone=time.zone, is_whole=False)


def _too_many(field: str) -> Refused:
    return bad_parameter(field, f"The range has too many buckets of that width. Ask for at most {MAX_BUCKETS}.")
