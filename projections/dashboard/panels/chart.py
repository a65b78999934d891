"""The chart: buckets become bars, in percent across and pixels down, so that letters keep their size at any width."""

from datetime import date, datetime, timedelta
from itertools import pairwise
from math import ceil, floor, log10

from msgspec import UNSET, Struct

from projections.dashboard.links import PageState
from projections.dashboard.words import (
    bucket_in_words,
    days_in_words,
    in_words,
    interval_in_words,
    measured,
    tick_in_words,
)
from projections.query.metrics import Unit
from projections.query.periods import Interval, next_month
from projections.query.web.timeseries import Point, Timeseries

TOP = 24
FLOOR = 216
_WIDEST_BAR = 5.0
_FILLED = 0.72
_TICKS = 4
_LABELS = 12
_SUNDAY = 6
_ROUND = (1, 1.5, 2, 2.5, 3, 4, 5, 6, 8, 10)
_SECONDS = (1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14400, 28800, 57600, 86400)


class Bar(Struct, frozen=True, kw_only=True):
    """One bucket: its slot and its bar in percent of the width, its bar's top and height in pixels, and its words."""

    slot_x: float
    slot_width: float
    x: float
    width: float
    y: float
    height: float
    name: str
    value: str
    said: str
    href: str | None
    running: bool
    before: str
    name_before: str


class Stroke(Struct, frozen=True, kw_only=True):
    """A part of the line of the other period: in percent across and pixels down."""

    x1: float
    y1: float
    x2: float
    y2: float


class Mark(Struct, frozen=True, kw_only=True):
    """A label on an axis: in percent across or pixels down; ``minor`` ones go where there is no room."""

    at: float
    text: str
    minor: bool = False


class Chart(Struct, frozen=True, kw_only=True):
    """Everything that the picture and its table show; one that ``leads_on`` has bars which are links.

    One that ``is_compared`` has a line, too: what the other period had beside each bar.
    """

    title: str
    bars: list[Bar]
    strokes: list[Stroke]
    is_compared: bool
    lines: list[Mark]
    labels: list[Mark]
    summary: str
    empty: bool
    leads_on: bool


def draw(series: Timeseries, *, state: PageState, now: datetime) -> Chart:
    """Return the chart of *series*; what lies in the future has no bar yet."""
    unit, is_compared = series.metric.unit, series.compared is not None
    # A day that a country skipped has no bucket at all.
    slot = 100 / max(len(series.points), 1)
    top = ceiling(unit, max((max(point.value or 0, point.previous or 0) for point in series.points), default=0))
    starts = [point.start for point in series.points]
    ends = [*starts[1:], series.until]
    bars = [
        _bar(series, point, slot_x=number * slot, slot=slot, top=top, state=state, running=point.start <= now < end)
        for number, (point, end) in enumerate(zip(series.points, ends, strict=True))
        if point.start <= now
    ]
    return Chart(
        title=series.metric.title,
        bars=bars,
        strokes=_strokes(series, slot, top) if is_compared else [],
        is_compared=is_compared,
        lines=[_line(unit, top, step) for step in range(_TICKS + 1)],
        labels=_labels(starts, series.interval, slot),
        summary=_summary(series),
        empty=not any(point.value or point.previous for point in series.points),
        leads_on=any(bar.href for bar in bars),
    )


def ceiling(unit: Unit, largest: float) -> float:
    """Return the top of the axis: the least round number that a quarter of is round too, and that *largest* fits under."""
    if unit is Unit.SECONDS:
        quarter = next((step for step in _SECONDS if step * _TICKS >= largest), largest / _TICKS)
        return float(quarter * _TICKS)
    if unit is Unit.PERCENT:
        return 100.0
    quarter = max(largest, 0.0) / _TICKS
    whole = unit is not Unit.MEAN
    if quarter <= (1 if whole else 0.25):
        return _TICKS * (1.0 if whole else 0.25)
    magnitude = 10 ** floor(log10(quarter))
    steps = (size * magnitude for size in _ROUND)
    return float(_TICKS * next(step for step in steps if step >= quarter and _fits(step, whole=whole)))


def _fits(step: float, *, whole: bool) -> bool:
    return not whole or step == round(step)


def _bar(series: Timeseries, point: Point, *, slot_x: float, slot: float, top: float, state: PageState, running: bool) -> Bar:
    width, part, unit = min(slot * _FILLED, _WIDEST_BAR), (point.value or 0) / top, series.metric.unit
    # Something is never drawn as nothing.
    height = max(part * (FLOOR - TOP), 2.0) if part else 0.0
    return Bar(
        slot_x=round(slot_x, 3),
        slot_width=round(slot, 3),
        x=round(slot_x + (slot - width) / 2, 3),
        width=round(width, 3),
        y=round(FLOOR - height, 1),
        height=round(height, 1),
        name=bucket_in_words(point.start, series.interval),
        value=in_words(unit, point.value),
        said=measured(series.metric.title, unit, point.value),
        href=_closer(state, point.start, series.interval),
        running=running,
        before=in_words(unit, None if point.previous is UNSET else point.previous),
        name_before=bucket_in_words(point.previous_start, series.interval) if point.previous_start else "",
    )


def _strokes(series: Timeseries, slot: float, top: float) -> list[Stroke]:
    """Return the line through what the other period had, with a gap where it has nothing beside a bar."""
    found = [
        None if point.previous is None or point.previous is UNSET else (round((number + 0.5) * slot, 3), point.previous)
        for number, point in enumerate(series.points)
    ]
    return [
        Stroke(x1=one[0], y1=_height(one[1], top), x2=other[0], y2=_height(other[1], top))
        for one, other in pairwise(found)
        if one is not None and other is not None
    ]


def _height(value: float, top: float) -> float:
    return round(FLOOR - value / top * (FLOOR - TOP), 1)


def _line(unit: Unit, top: float, step: int) -> Mark:
    value = top * step / _TICKS
    number = round(value) if unit not in (Unit.MEAN, Unit.PERCENT) else round(value, 2)
    return Mark(at=FLOOR - (FLOOR - TOP) * step / _TICKS, text=in_words(unit, number))


def _labels(starts: list[datetime], interval: Interval, slot: float) -> list[Mark]:
    every = ceil(len(starts) / _LABELS)
    shown = range(0, len(starts), every)
    return [
        Mark(at=round((number + 0.5) * slot, 3), text=tick_in_words(starts[number], interval), minor=bool(rank % 2))
        for rank, number in enumerate(shown)
    ]


def _closer(state: PageState, start: datetime, interval: Interval) -> str | None:
    first = start.date()
    match interval:
        case Interval.DAY:
            return state.between(first, first).href()
        case Interval.WEEK:
            return state.between(first, first + timedelta(days=_SUNDAY - first.weekday())).href()
        case Interval.MONTH:
            return state.between(first, _last_of_month(first)).href()
    return None


def _last_of_month(day: date) -> date:
    return next_month(day) - timedelta(days=1)


def _summary(series: Timeseries) -> str:
    title, width = series.metric.title, interval_in_words(series.interval)
    beside = "" if series.compared is None else f"; the line shows {days_in_words(series.compared)}"
    best = max(series.points, key=lambda point: point.value or 0, default=None)
    if best is None or not best.value:
        return f"{title} by {width}: none{beside}"
    peak = in_words(series.metric.unit, best.value)
    return f"{title} by {width}: highest {peak}, {bucket_in_words(best.start, series.interval)}{beside}"
