"""The panels of a report of telemetry: how programs ended, what went wrong, who uses what, and when."""

from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import date
from typing import Final

from msgspec import Struct

from projections.dashboard.countries import country_name
from projections.dashboard.words import exactly, moment_in_words
from projections.query.product.report import COMPLETED, STARTED, Report
from projections.query.product.runs import Ranked
from projections.read_models.telemetry import What
from projections.replies.minigem_stats import NO_SYSTEM, NO_VERSION, UNKNOWN, bar_labels, named, student

MOST_LINES: Final = 12
_DAYS: Final = ("Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday")
# What the exit codes say that every system has: a normal end, Ctrl+C, an exception that nobody caught, and a signal.
OUTCOMES: Final = (("0", "Ended normally"), ("130", "Given up (Ctrl+C)"), ("1", "Crashed"), ("143", "Killed"))


class Tile(Struct, frozen=True, kw_only=True):
    """One number above the panels."""

    title: str
    value: str
    meaning: str


class Line(Struct, frozen=True, kw_only=True):
    """One row of a panel: what it is about, its numbers, and the length of its bar in percent."""

    name: str
    numbers: tuple[str, ...]
    bar: float = 0


class Panel(Struct, frozen=True, kw_only=True):
    """A table with bars, which says the same without a picture."""

    name: str
    title: str
    about: str
    columns: tuple[str, ...]
    lines: tuple[Line, ...]


def tiles_of(report: Report) -> list[Tile]:
    """Return the numbers that stand above the panels."""
    ends = report.events(COMPLETED)
    outcomes = [
        Tile(title=title, value=_percent(report.counts[What.EXIT].get(code, 0), ends), meaning=f"Ends with exit code {code}")
        for code, title in OUTCOMES
    ]
    return [
        *outcomes,
        Tile(title="Events", value=exactly(report.total), meaning="Everything that was sent"),
        Tile(title="Unique users", value=exactly(report.visitors.total), meaning="Pseudonyms that were seen"),
        Tile(title="Programs started", value=exactly(report.events(STARTED)), meaning=STARTED),
        Tile(title="Programs completed", value=exactly(ends), meaning=COMPLETED),
        Tile(title="Median duration", value=f"{exactly(report.durations.median)} ms", meaning="Of completed programs"),
        Tile(
            title="Interactive", value=f"{round(100 * report.interactive)}%", meaning="Completed after somebody typed something"
        ),
        Tile(
            title="Sessions under way", value=exactly(report.active), meaning="Seen in the last ten minutes and not completed"
        ),
        Tile(title="Installs", value=exactly(report.installs_ever), meaning="Ever since the first"),
    ]


def panels_of(report: Report) -> list[Panel]:
    """Return every panel, in the order in which they are read."""
    counts = report.counts
    errors = {"Compile errors": report.compile_errors[0], "Runtime errors": report.runtime_errors[0]}
    systems, versions, hosts = (
        named(counts[what], default)
        for what, default in ((What.OS, NO_SYSTEM), (What.VERSION, NO_VERSION), (What.HOST, NO_VERSION))
    )
    return [
        _outcomes_by_day(report),
        _bars("exits", "How programs end", "Completed programs by exit code", _exits(counts[What.EXIT]), most_first=True),
        _ranking("successes", "Best sessions", "Interactive and long ones first", report.successes),
        _ranking("frustrated", "Given up", "Short ones without any input first", report.frustrated),
        _bars("errors", "Where programs fail", "Compilers' errors and those of programs that ran", errors),
        _bars("exceptions", "Exceptions", "By hash, the most frequent first", counts[What.EXCEPTION]),
        _bars("events", "Events", "By name", counts[What.EVENT]),
        _by_day("days", "Days", "Events and users of each day", report),
        _systems_by_day(report, list(systems)),
        _bars("systems", "Operating systems", "Events by system", systems),
        _bars("hours", "Hours", "Events by hour of the day (UTC)", _hours(report), column="Events", limit=24),
        _bars("weekdays", "Days of the week", "Events by weekday (UTC)", dict(zip(_DAYS, report.days_of_week, strict=True))),
        _bars("durations", "Durations", "Completed programs by how long they ran", _durations(report)),
        _bars("outputs", "Output", "Completed programs by how much they wrote", counts[What.OUTPUT]),
        _bars("hosts", "VS Code versions", "Events by version", hosts),
        _bars("versions", "App versions", "Events by version", versions),
        _countries(report),
    ]


def _bars(
    name: str,
    title: str,
    about: str,
    counts: Mapping[str, int],
    *,
    column: str = "Events",
    limit: int = MOST_LINES,
    most_first: bool = False,
) -> Panel:
    entries = list(counts.items())
    if most_first:
        entries.sort(key=lambda entry: -entry[1])
    most = max(counts.values(), default=0) or 1
    lines = tuple(
        Line(name=said or UNKNOWN, numbers=(exactly(hits),), bar=round(100 * hits / most, 1)) for said, hits in entries[:limit]
    )
    return Panel(name=name, title=title, about=about, columns=(column,), lines=lines if any(counts.values()) else ())


def _outcomes_by_day(report: Report) -> Panel:
    lines = tuple(
        Line(name=day.isoformat(), numbers=tuple(exactly(exits.get(code, 0)) for code, _ in OUTCOMES))
        for day, exits in sorted(report.exits.items(), reverse=True)[: 2 * MOST_LINES]
    )
    columns = tuple(title for _, title in OUTCOMES)
    return Panel(name="outcomes", title="Outcomes", about="Completed programs of each day", columns=columns, lines=lines)


def _by_day(name: str, title: str, about: str, report: Report) -> Panel:
    most = max(report.hits.values(), default=0) or 1
    lines = tuple(
        Line(
            name=day.isoformat(),
            numbers=(exactly(report.hits[day]), exactly(report.visitors.by_day.get(day, 0))),
            bar=round(100 * report.hits[day] / most, 1),
        )
        for day in sorted(report.hits, reverse=True)[: 2 * MOST_LINES]
    )
    return Panel(name=name, title=title, about=about, columns=("Events", "Users"), lines=lines)


def _systems_by_day(report: Report, systems: list[str]) -> Panel:
    shown = systems[:4]
    days: dict[date, Counter[str]] = {}
    for system, hits in report.systems.items():
        for day, count in hits.items():
            days.setdefault(day, Counter())[system or NO_SYSTEM] += count
    lines = tuple(
        Line(name=day.isoformat(), numbers=tuple(exactly(days[day][system]) for system in shown))
        for day in sorted(days, reverse=True)[: 2 * MOST_LINES]
    )
    about = "Events of each day on the four most frequent systems"
    return Panel(name="systems-by-day", title="Systems by day", about=about, columns=tuple(shown), lines=lines)


def _ranking(name: str, title: str, about: str, ends: Iterable[Ranked]) -> Panel:
    lines = tuple(
        Line(
            name=f"{student(each.subject)}, {moment_in_words(each.ended_at)}",
            numbers=(f"{exactly(each.duration_ms)} ms", "typed" if each.is_interactive else "no input"),
        )
        for each in ends
    )
    return Panel(name=name, title=title, about=about, columns=("Duration", "Input"), lines=lines[:MOST_LINES])


def _exits(counts: Mapping[str, int]) -> dict[str, int]:
    called = dict(OUTCOMES)
    return {f"{code}: {called[code]}" if code in called else code: hits for code, hits in counts.items()}


def _hours(report: Report) -> dict[str, int]:
    return {f"{hour:02}:00": hits for hour, hits in enumerate(report.hours)}


def _durations(report: Report) -> dict[str, int]:
    return dict(zip(bar_labels(), report.durations.histogram, strict=True))


def _countries(report: Report) -> Panel:
    counts, visitors = report.counts[What.COUNTRY], report.visitors.by_country
    most = max(counts.values(), default=0) or 1
    lines = tuple(
        Line(
            name=country_name(place) if place else UNKNOWN,
            numbers=(exactly(hits), exactly(visitors.get(place, 0))),
            bar=round(100 * hits / most, 1),
        )
        for place, hits in list(counts.items())[:MOST_LINES]
    )
    return Panel(name="countries", title="Countries", about="Where events came from", columns=("Events", "Users"), lines=lines)


def _percent(part: int, whole: int) -> str:
    return f"{round(100 * part / whole) if whole else 0}%"
