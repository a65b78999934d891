"""The report of a site's telemetry: every number of it for some UTC days, read in one snapshot."""

from collections import Counter
from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from typing import Any, Final

from msgspec import Struct
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from projections.query.caller import Caller
from projections.query.product.runs import Ranked, Recent, active_sessions, ranked, recent_sessions
from projections.read_models.run import INTERACTIVE
from projections.read_models.telemetry import COMPILE, ERROR, RUNTIME, TRUNCATED, What

STARTED, COMPLETED, INSTALLED = "java.run.started", "java.run.completed", "install.created"
# What tells that programs run at all.
RUN_EVENTS: Final = (STARTED, COMPLETED, ERROR)
EDGES_MS: Final = (0, 500, 1000, 3000, 10_000, 30_000, 60_000, 120_000)
HOURS, DAYS_OF_WEEK = 24, 7
SUCCESS, FRUSTRATED = 0, 130


class Window(Struct, frozen=True, kw_only=True):
    """The UTC days that are asked about, both ends included, and the moment of asking."""

    first: date
    last: date
    now: datetime

    @property
    def days(self) -> list[date]:
        """Return every day of the window."""
        return [self.first + timedelta(days=number) for number in range((self.last - self.first).days + 1)]


class Durations(Struct, frozen=True, kw_only=True):
    """How long programs ran, of those that said so; ``histogram`` has a number for each of EDGES_MS and above."""

    count: int
    median: int
    p90: int
    mean_wait_ms: float
    histogram: tuple[int, ...]


class Visitors(Struct, frozen=True, kw_only=True):
    """How many subjects there were: in all, on each day, at each hour of the day, and by country."""

    total: int
    by_day: Mapping[date, int]
    by_hour: tuple[int, ...]
    by_country: Mapping[str, int]


class Report(Struct, frozen=True, kw_only=True):
    """The numbers; ``counts`` are those of the window by what is counted, the most frequent first."""

    window: Window
    counts: Mapping[What, Mapping[str, int]]
    hits: Mapping[date, int]
    systems: Mapping[str, Mapping[date, int]]
    exits: Mapping[date, Mapping[str, int]]
    visitors: Visitors
    durations: Durations
    installs_ever: int
    active: int
    recent: tuple[Recent, ...]
    successes: tuple[Ranked, ...]
    frustrated: tuple[Ranked, ...]

    @property
    def total(self) -> int:
        """Return how many actions were recorded."""
        return sum(self.counts[What.EVENT].values())

    def events(self, name: str) -> int:
        """Return how many actions have *name*."""
        return self.counts[What.EVENT].get(name, 0)

    def share_of_completed(self, flag: str) -> float:
        """Return the share of the programs that came to an end of which *flag* was told."""
        return _share(self.counts[What.FLAG].get(flag, 0), self.events(COMPLETED))

    @property
    def interactive(self) -> float:
        """Return the share of ends before which somebody had typed something."""
        return self.share_of_completed(INTERACTIVE)

    @property
    def truncated(self) -> float:
        """Return the share of ends of which the output was cut."""
        return self.share_of_completed(TRUNCATED)

    @property
    def hours(self) -> tuple[int, ...]:
        """Return the actions at each hour of the day."""
        return tuple(self.counts[What.HOUR].get(str(hour), 0) for hour in range(HOURS))

    @property
    def days_of_week(self) -> tuple[int, ...]:
        """Return the actions on each day of the week, Sunday first."""
        counted = Counter[int]()
        for day, hits in self.hits.items():
            counted[day.isoweekday() % DAYS_OF_WEEK] += hits
        return tuple(counted[number] for number in range(DAYS_OF_WEEK))

    def errors(self, phase: str) -> tuple[int, float]:
        """Return how many errors there were in *phase*, and how many that is for each program that was started."""
        errors = self.counts[What.PHASE].get(phase, 0)
        return errors, _share(errors, self.events(STARTED))

    @property
    def compile_errors(self) -> tuple[int, float]:
        """Return the errors of compilers."""
        return self.errors(COMPILE)

    @property
    def runtime_errors(self) -> tuple[int, float]:
        """Return the errors of programs that ran, and of those whose phase was not told."""
        return self.errors(RUNTIME)


async def report(connection: AsyncConnection, caller: Caller, site: str, window: Window) -> Report:
    """Return the report of *caller*'s *site*."""
    asked = {"tenant": caller.tenant, "site": site, "first": window.first, "last": window.last}
    by_day: dict[What, dict[str, dict[date, int]]] = {What.OS: {}, What.EXIT: {}}
    for row in await connection.execute(_BY_DAY, asked):
        by_day[What(row.what)].setdefault(row.value, {})[row.day] = row.hits
    since = datetime.combine(window.first, datetime.min.time(), UTC)
    span = asked | {"since": since, "until": since + timedelta(days=len(window.days))}
    return Report(
        window=window,
        counts=await _counts(connection, asked),
        hits=_summed(by_day[What.OS]),
        systems=by_day[What.OS],
        exits=_turned(by_day[What.EXIT]),
        visitors=await _visitors(connection, asked),
        durations=await _durations(connection, asked),
        installs_ever=int(await connection.scalar(_EVER, asked | {"value": INSTALLED}) or 0),
        active=await active_sessions(connection, asked, window.now),
        recent=await recent_sessions(connection, span),
        successes=await ranked(connection, span, SUCCESS),
        frustrated=await ranked(connection, span, FRUSTRATED),
    )


_IN_WINDOW = "tenant = :tenant AND site = :site AND day BETWEEN :first AND :last"
_BY_DAY = text(f"SELECT what, value, day, hits FROM telemetry_counts WHERE {_IN_WINDOW} AND what IN ('os', 'exit')")
_COUNTS = text(f"""
    SELECT what, value, sum(hits)::bigint AS hits FROM telemetry_counts
    WHERE {_IN_WINDOW} GROUP BY what, value ORDER BY hits DESC, value
""")
_EVER = text("""
    SELECT sum(hits)::bigint FROM telemetry_counts WHERE tenant = :tenant AND site = :site AND what = 'event' AND value = :value
""")
# Every edge lies on one of these steps: how long programs ran is counted by them first, of which there are few.
_STEP_MS: Final = 500
_BARS = ", ".join(
    f"sum(n) FILTER (WHERE step >= {low // _STEP_MS} AND step < {high // _STEP_MS})"
    for low, high in zip(EDGES_MS, (*EDGES_MS[1:], 2**63 - 1), strict=True)
)


def _least(times: int, most: int) -> str:
    """Return the least value up to which at least *most* of *times* lie, as percentile_disc says it."""
    return f"""coalesce((
        SELECT min(ms) FROM (
            SELECT ms, before + sum(ends::float8) OVER (ORDER BY ms) AS up_to FROM telemetry_durations, (
                SELECT step * {_STEP_MS} AS low, up_to - n AS before FROM placed
                WHERE up_to * {times} >= (SELECT ends FROM whole) * {most} ORDER BY step LIMIT 1
            ) AS here WHERE {_IN_WINDOW} AND ms >= low AND ms < low + {_STEP_MS}
        ) AS near WHERE up_to * {times} >= (SELECT ends FROM whole) * {most}
    ), 0)"""


# Whole numbers of float8 are exact and added up far sooner than those of numeric, which a sum of bigint is.
_DURATIONS = text(f"""
    WITH steps AS MATERIALIZED (
        SELECT ms / {_STEP_MS} AS step, sum(ends::float8) AS n, sum(told::float8) AS told, sum(wait_ms) AS wait
        FROM telemetry_durations WHERE {_IN_WINDOW} GROUP BY step
    ), whole AS MATERIALIZED (
        SELECT coalesce(sum(n), 0) AS ends, sum(wait)::float8 / nullif(sum(told), 0) AS wait FROM steps
    ), placed AS MATERIALIZED (
        SELECT step, n, sum(n) OVER (ORDER BY step) AS up_to FROM steps
    )
    SELECT ends::bigint AS ends, {_least(2, 1)} AS median, {_least(10, 9)} AS p90,
           (SELECT ARRAY[{_BARS}] FROM steps) AS bars, wait
    FROM whole
""")
_BITS = ", ".join(f"count(*) FILTER (WHERE hours & {1 << hour} <> 0)" for hour in range(HOURS))
# Nearly everybody is in one country, and a text is told apart sooner than a list of one.
_EVERYBODY = text(f"""
    WITH everybody AS MATERIALIZED (
        SELECT person, country, bit_or(hours) AS hours FROM (
            SELECT person, countries[1] AS country, hours FROM telemetry_presences
            WHERE {_IN_WINDOW} AND cardinality(countries) = 1
            UNION ALL SELECT person, unnest(countries), hours FROM telemetry_presences
            WHERE {_IN_WINDOW} AND cardinality(countries) > 1
        ) AS seen GROUP BY person, country
    )
    SELECT NULL AS country, count(*) AS n, ARRAY[{_BITS}] AS hours
    FROM (SELECT bit_or(hours) AS hours FROM everybody GROUP BY person) AS each
    UNION ALL
    SELECT country, count(*), NULL FROM everybody GROUP BY country
""")
_ON_DAYS = text(f"SELECT day, count(*) AS n FROM telemetry_presences WHERE {_IN_WINDOW} GROUP BY day")


async def _counts(connection: AsyncConnection, asked: Mapping[str, Any]) -> dict[What, dict[str, int]]:
    counts: dict[What, dict[str, int]] = {what: {} for what in What}
    for row in await connection.execute(_COUNTS, asked):
        counts[What(row.what)][row.value] = row.hits
    return counts


async def _visitors(connection: AsyncConnection, asked: Mapping[str, Any]) -> Visitors:
    by_country = {row.country: row for row in await connection.execute(_EVERYBODY, asked)}
    everybody = by_country.pop(None)
    return Visitors(
        total=everybody.n,
        by_day={row.day: row.n for row in await connection.execute(_ON_DAYS, asked)},
        by_hour=tuple(everybody.hours),
        by_country={country: row.n for country, row in by_country.items()},
    )


async def _durations(connection: AsyncConnection, asked: Mapping[str, Any]) -> Durations:
    row = (await connection.execute(_DURATIONS, asked)).one()
    return Durations(
        count=row.ends,
        median=row.median,
        p90=row.p90,
        mean_wait_ms=float(row.wait or 0),
        histogram=tuple(int(bar or 0) for bar in row.bars),
    )


def _summed(series: Mapping[str, Mapping[date, int]]) -> dict[date, int]:
    summed = Counter[date]()
    for days in series.values():
        summed.update(days)
    return dict(summed)


def _turned(series: Mapping[str, Mapping[date, int]]) -> dict[date, dict[str, int]]:
    turned: dict[date, dict[str, int]] = {}
    for value, days in series.items():
        for day, hits in days.items():
            turned.setdefault(day, {})[value] = hits
    return turned


def _share(part: int, whole: int) -> float:
    return part / whole if whole else 0
