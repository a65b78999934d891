"""Portions: which parts of a span what was added up of closed UTC days can answer, and which are left for rows."""

from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise
from typing import Final

from msgspec import Struct

from projections.query.dimensions import Dimension
from projections.query.periods import Span
from projections.read_models.rollups.fresh import Days

_DAY: Final = timedelta(days=1)
_QUARTER_MINUTES: Final = 15
# Beyond so many pieces one reading of all rows costs less than as many readings.
_MOST_LEFT: Final = 8


class Portion(Struct, frozen=True):
    """Quarter hours of one day or of several whole ones, in one bucket; ``is_end`` where they are the end of a day alone."""

    bucket: int
    since: datetime
    until: datetime
    is_end: bool = False


class ByDay(Struct, frozen=True):
    """The whole days that are answered from what was added up, and the spans that are not."""

    whole: tuple[date, ...]
    left: tuple[Span, ...]

    @property
    def is_worth_it(self) -> bool:
        """Say whether so little is left that taking it apart costs less than reading everything."""
        return bool(self.whole) and len(self.left) <= _MOST_LEFT


class ByQuarter(Struct, frozen=True):
    """The quarter hours that are answered from what was added up, and the spans that are not."""

    portions: tuple[Portion, ...]
    left: tuple[Span, ...]

    @property
    def is_worth_it(self) -> bool:
        """Say whether so little is left that taking it apart costs less than reading everything."""
        return bool(self.portions) and len(self.left) <= _MOST_LEFT


def by_day(span: Span, days: Days, dimension: Dimension, edges: Sequence[datetime] = ()) -> ByDay:
    """Take apart *span* where values of *dimension* are asked for, in buckets between *edges* or in one."""
    whole: list[date] = []
    left: list[Span] = []
    for day, piece in _pieces(span, days):
        # A day that lies in two buckets is in none of them whole.
        is_cut = piece != _span_of(day) or any(piece.since < edge < piece.until for edge in edges)
        if day in days.fresh and days.has(dimension, day) and not is_cut:
            whole.append(day)
        else:
            left.append(piece)
    return ByDay(tuple(whole), _joined(left))


def by_quarter(span: Span, days: Days, edges: Sequence[datetime] | None) -> ByQuarter:
    """Take apart *span* where time alone is asked for, in buckets between *edges* or in one.

    A visitor of a day is counted by their first and their last visit, so the beginning and the end of a day will do.
    """
    bounds = [span.since, span.until] if edges is None else edges
    buckets = [(number, Span(*each)) for number, each in enumerate(pairwise(bounds), start=1)]
    portions: list[Portion] = []
    left: list[Span] = []
    for day, piece in _pieces(span, days):
        cut = [(number, _common(piece, bucket)) for number, bucket in buckets if _meet(piece, bucket)]
        taken = [_portion(number, part, _span_of(day)) for number, part in cut] if day in days.fresh else [None]
        if None in taken:
            left.append(piece)
        else:
            portions += [portion for portion in taken if portion is not None]
    return ByQuarter(_merged(portions), _joined(left))


def _pieces(span: Span, days: Days) -> Iterator[tuple[date, Span]]:
    """Yield the days of *span* on which there is anything, each with the instants of it that are asked for."""
    for day in sorted({*days.fresh, *days.dirty}):
        yield day, _common(span, _span_of(day))


def _span_of(day: date) -> Span:
    begins = datetime.combine(day, time(), UTC)
    return Span(begins, begins + _DAY)


def _meet(one: Span, other: Span) -> bool:
    return one.since < other.until and other.since < one.until


def _common(one: Span, other: Span) -> Span:
    return Span(max(one.since, other.since), min(one.until, other.until))


def _portion(bucket: int, part: Span, day: Span) -> Portion | None:
    if part.since == day.since and _is_quarter(part.until):
        return Portion(bucket, part.since, part.until)
    if part.until == day.until and _is_quarter(part.since):
        return Portion(bucket, part.since, part.until, is_end=True)
    return None


def _is_quarter(moment: datetime) -> bool:
    return not (moment.minute % _QUARTER_MINUTES or moment.second or moment.microsecond)


def _merged(portions: Sequence[Portion]) -> tuple[Portion, ...]:
    merged: list[Portion] = []
    for portion in portions:
        before = merged[-1] if merged else None
        if before is not None and _goes_on(before, portion):
            merged[-1] = Portion(before.bucket, before.since, portion.until)
        else:
            merged.append(portion)
    return tuple(merged)


def _goes_on(before: Portion, portion: Portion) -> bool:
    return not (before.is_end or portion.is_end) and (before.bucket, before.until) == (portion.bucket, portion.since)


def _joined(pieces: Sequence[Span]) -> tuple[Span, ...]:
    joined: list[Span] = []
    for piece in pieces:
        if joined and joined[-1].until == piece.since:
            joined[-1] = Span(joined[-1].since, piece.until)
        else:
            joined.append(piece)
    return tuple(joined)
