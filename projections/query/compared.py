"""Compared: which other days a period is compared with, and which bucket of them stands beside which of its own."""

from datetime import UTC, date, datetime, timedelta
from enum import StrEnum
from typing import Final
from zoneinfo import ZoneInfo

from projections.query.periods import MINUTES_OF, Days, Interval, Span, day_edges, edges, midnight, previous_span

_DAY: Final = timedelta(days=1)
_WEEKS_OF_A_YEAR: Final = timedelta(weeks=52)
_LEAP_DAY: Final = (2, 29)


class Compare(StrEnum):
    """What a period is compared with."""

    PREVIOUS = "previous"
    YEAR = "year"
    YEAR_WEEKDAYS = "year_weekdays"
    CUSTOM = "custom"
    NONE = "none"


def other_span(compare: Compare, days: Days, zone: ZoneInfo, now: datetime, *, against: Days | None = None) -> Span | None:
    """Return what *days* are compared with, *against* if those were chosen; None where they are compared with nothing.

    While the period is still running, the other one is cut at the same part of it: half a Tuesday beside a whole one would show
    a loss every morning.
    """
    if compare is Compare.NONE:
        return None
    if compare is Compare.PREVIOUS:
        return previous_span(days, zone, now)
    other = against or Days(_a_year_before(compare, days.first), _a_year_before(compare, days.last))
    whole = Span(midnight(other.first, zone), midnight(other.last + _DAY, zone))
    wall = now.astimezone(zone)
    if not days.first <= wall.date() <= days.last:
        return whole
    same = other.first + (wall.date() - days.first) if against else _a_year_before(compare, wall.date())
    cut = datetime.combine(same, wall.time(), zone).astimezone(UTC)
    return Span(whole.since, min(cut, whole.until))


def other_days(span: Span, zone: ZoneInfo) -> Days:
    """Return the local days that *span*, which begins with one, has a part of."""
    first = span.since.astimezone(zone).date()
    last = (span.until - timedelta(microseconds=1)).astimezone(zone).date()
    return Days(first, max(first, last))


def beside(
    compare: Compare, days: Days, other: Span, zone: ZoneInfo, interval: Interval
) -> tuple[list[datetime], dict[datetime, int]]:
    """Return the instants that bound the buckets of *other*, and by the start of one of *days* the number of that beside it.

    Days, weeks and months are as long as those beside them, wherever they begin: a week that is compared with seven days that
    begin on a Thursday would otherwise stand beside four of them. Parts of a day stand beside the same time of the same day.
    Where a clock changes in one of them, the hour that is not there or comes twice has nothing beside it; nor has the 29th of
    February a year later.
    """
    others, shift = other_days(other, zone), days.first - other_days(other, zone).first
    starts = edges(days, zone, interval)[:-1]
    if interval in MINUTES_OF:
        bounds = edges(others, zone, interval)
        place = {_wall(bound, zone): bound for bound in reversed(bounds)}
        wanted = [place.get(_wall(start, zone) - shift) for start in starts]
    else:
        moved = (_beside(compare, day, shift) for day in (*day_edges(days, interval), days.last + _DAY))
        bounds = sorted({midnight(day, zone) for day in (*moved, others.last + _DAY)})
        wanted = [midnight(_beside(compare, start.astimezone(zone).date(), shift), zone) for start in starts]
    bounds = [*(bound for bound in bounds if bound < other.until), other.until]
    return bounds, _first_to_ask(starts, wanted, {bound: number for number, bound in enumerate(bounds[:-1])})


def _first_to_ask(starts: list[datetime], wanted: list[datetime | None], numbers: dict[datetime, int]) -> dict[datetime, int]:
    taken: dict[int, datetime] = {}
    for start, one in zip(starts, wanted, strict=True):
        if one is not None and one in numbers:
            taken.setdefault(numbers[one], start)
    return {start: number for number, start in taken.items()}


def _wall(moment: datetime, zone: ZoneInfo) -> datetime:
    return moment.astimezone(zone).replace(tzinfo=None, fold=0)


def _beside(compare: Compare, day: date, shift: timedelta) -> date:
    return _a_year_before(compare, day) if compare is Compare.YEAR else day - shift


def _a_year_before(compare: Compare, day: date) -> date:
    if compare is Compare.YEAR_WEEKDAYS:
        return day - _WEEKS_OF_A_YEAR
    if (day.month, day.day) == _LEAP_DAY:
        return day.replace(year=day.year - 1, day=28)
    return day.replace(year=day.year - 1)
