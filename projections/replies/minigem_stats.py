"""The document that Minigem's /stats answers: every key of it, out of the report of a site's telemetry."""

import math
from collections import Counter
from collections.abc import Mapping
from datetime import UTC, date, datetime
from itertools import pairwise
from typing import Any, Final

from projections.query.product.report import COMPLETED, EDGES_MS, INSTALLED, STARTED, Report
from projections.query.product.runs import Ranked, Recent
from projections.read_models.telemetry import What
from projections.replies.continents import CONTINENT_OF

# What Minigem takes for said where a client said nothing.
NO_SYSTEM, NO_VERSION = "unknown", "0.0.0"
UNKNOWN: Final = "Unknown"
MOST_ROWS: Final = 20
MOST_EXCEPTIONS: Final = 50
_SHOWN_OF_A_SUBJECT: Final = 6

Counts = Mapping[str, int]


def stats_of(report: Report) -> dict[str, Any]:
    """Return the document."""
    systems = named(report.counts[What.OS], NO_SYSTEM)
    versions, hosts = named(report.counts[What.VERSION], NO_VERSION), named(report.counts[What.HOST], NO_VERSION)
    return {
        "from": report.window.first.isoformat(),
        "to": report.window.last.isoformat(),
        "windowDays": len(report.window.days),
        "total": report.total,
        "uniques": report.visitors.total,
        "osTypes": len(systems),
        "extTypes": len(versions),
        "vscodeTypes": len(hosts),
        **_by_day(report, systems),
        "byEvent": report.counts[What.EVENT],
        "byOs": systems,
        "byExt": versions,
        "byVscode": hosts,
        "hourly": report.hours,
        "hourlyVisitors": report.visitors.by_hour,
        "dow": report.days_of_week,
        **_of_runs(report),
        "geo": geo_of(report),
        "tables": {
            "eventsTop": _rows(report, report.counts[What.EVENT], "event"),
            "extTop": _rows(report, versions, "version"),
            "vscodeTop": _rows(report, hosts, "version"),
            "exitTop": _rows(report, report.counts[What.EXIT], "code"),
            "exceptionsTop": _rows(report, report.counts[What.EXCEPTION], "exceptionHash"),
        },
    }


def named(counts: Counts, default: str) -> dict[str, int]:
    """Return *counts*, the most frequent first, with *default* for what was not said."""
    said = Counter[str]()
    for value, hits in counts.items():
        said[value or default] += hits
    return dict(sorted(said.items(), key=lambda entry: (-entry[1], entry[0])))


def geo_of(report: Report) -> dict[str, dict[str, dict[str, int]]]:
    """Return hits and visitors by country and by continent, whose visitors are the sum of its countries'."""
    hits, visitors = report.counts[What.COUNTRY], report.visitors.by_country
    countries = {place or UNKNOWN: {"hits": count, "visitors": visitors.get(place, 0)} for place, count in hits.items()}
    continents: dict[str, Counter[str]] = {}
    for place, numbers in countries.items():
        continents.setdefault(CONTINENT_OF.get(place, UNKNOWN), Counter(hits=0, visitors=0)).update(numbers)
    return {"byContinent": {place: dict(numbers) for place, numbers in continents.items()}, "byCountry": countries}


def student(subject: str) -> str:
    """Return what a ranking calls *subject*: the end of a pseudonym."""
    return f"Student #{subject[-_SHOWN_OF_A_SUBJECT:] if len(subject) >= _SHOWN_OF_A_SUBJECT else '—'}"


def _by_day(report: Report, systems: Counts) -> dict[str, Any]:
    days = report.window.days
    dates = [day.isoformat() for day in days]
    of_system: dict[str, Counter[date]] = {}
    for system, hits in report.systems.items():
        of_system.setdefault(system or NO_SYSTEM, Counter()).update(hits)
    return {
        "daily": {
            "dates": dates,
            "hits": [report.hits.get(day, 0) for day in days],
            "uniques": [report.visitors.by_day.get(day, 0) for day in days],
        },
        "dailyOs": {
            "labels": dates,
            "series": [{"key": system, "data": [of_system[system][day] for day in days]} for system in systems],
        },
        "dailyLearningOutcomes": {day.isoformat(): exits for day, exits in sorted(report.exits.items())},
    }


def _of_runs(report: Report) -> dict[str, Any]:
    (compiling, compile_rate), (running, runtime_rate) = report.compile_errors, report.runtime_errors
    durations = report.durations
    return {
        "runs": {"started": report.events(STARTED), "completed": report.events(COMPLETED)},
        "errors": {"compile": compiling, "runtime": running, "compileRate": compile_rate, "runtimeRate": runtime_rate},
        "durations": {
            "count": durations.count,
            "median": durations.median,
            "p90": durations.p90,
            "hist": {"labels": bar_labels(), "values": durations.histogram},
            "avgWaitMs": durations.mean_wait_ms,
        },
        "exitCodes": report.counts[What.EXIT],
        "outputBuckets": report.counts[What.OUTPUT],
        "interactiveRate": report.interactive,
        "truncationRate": report.truncated,
        "topExceptions": dict(list(report.counts[What.EXCEPTION].items())[:MOST_EXCEPTIONS]),
        "activeSessions": report.active,
        "installsTotal": report.installs_ever,
        "installsWindow": report.events(INSTALLED),
        "sessionsRecent": [_session(recent) for recent in report.recent],
        "sessions": {
            "successTop": [_ranked(each) for each in report.successes],
            "frustratedTop": [_ranked(each) for each in report.frustrated],
        },
    }


def bar_labels() -> list[str]:
    """Return what the bars of the histogram of durations are called."""
    between = [f"{low}-{high}ms" for low, high in pairwise(EDGES_MS)]
    return [*between, f"≥{EDGES_MS[-1]}ms"]


def _session(recent: Recent) -> dict[str, Any]:
    return {
        "id": recent.session,
        "student": recent.subject,
        "startedAt": in_iso(recent.started_at),
        "lastAt": in_iso(recent.last_at),
        "completed": recent.is_completed,
        "exit": -1 if recent.exit_code is None else recent.exit_code,
        "durationMs": recent.duration_ms,
        "interactive": recent.is_interactive,
    }


def _ranked(each: Ranked) -> dict[str, Any]:
    told = {
        "student": student(each.subject),
        "ts": in_iso(each.ended_at),
        "durationMs": each.duration_ms,
        "interactive": each.is_interactive,
        "exit": each.exit_code,
    }
    return told | ({"outputBucket": each.output} if each.output else {})


def in_iso(at: datetime) -> str:
    """Return *at* as JavaScript's toISOString writes it."""
    return at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _rows(report: Report, counts: Counts, called: str) -> list[dict[str, Any]]:
    rows = []
    for value, count in list(counts.items())[:MOST_ROWS]:
        share = count / report.total if report.total else 0
        # Rounded as JavaScript does: halves go up.
        rows.append({"key": value, called: value, "count": count, "pct": share, "percent": math.floor(share * 1000 + 0.5) / 10})
    return rows
