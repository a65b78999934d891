"""Settled: how many turns were answered and how many failed, by hour and by subject, how long they took and what went wrong."""

from collections.abc import Iterable
from datetime import date

from msgspec import Struct
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from projections.query.turns.votes import TOP
from projections.query.turns.window import Window
from projections.read_models.turn_facts import Kind

# Upper bounds of how long an answer took, in milliseconds, and what such answers are called; what is above them all is last.
BUCKETS: tuple[tuple[int, str], ...] = (
    (100, "<100ms"),
    (500, "100-500ms"),
    (1000, "500ms-1s"),
    (2000, "1-2s"),
    (5000, "2-5s"),
)
SLOWEST = ">5s"
_SETTLED = f"kind IN ({Kind.COMPLETED}, {Kind.FAILED})"
_ANSWERED = f"FILTER (WHERE kind = {Kind.COMPLETED})"


class SettledHour(Struct, frozen=True, kw_only=True):
    """The turns that ended in one hour of a UTC day and took about as long; ``total_ms`` is the sum of those ``timed``.

    ``bucket`` is the place in BUCKETS, behind them all for the slowest, and None for those that failed or do not say.
    """

    day: date
    hour: int
    bucket: int | None
    turns: int
    answered: int
    timed: int
    total_ms: int


class Asker(Struct, frozen=True, kw_only=True):
    """One subject's turns that ended."""

    subject: str
    turns: int
    answered: int
    mean_ms: float


class Askers(Struct, frozen=True, kw_only=True):
    """Whose turns ended: how many subjects, and the busiest."""

    subjects: int = 0
    top: list[Asker] = []


class Feedback(Struct, frozen=True, kw_only=True):
    """Of the turns that ended: on how many somebody voted, and on how many nobody."""

    voted: int
    silent: int


async def settled_by_hour(connection: AsyncConnection, window: Window) -> list[SettledHour]:
    """Return the hours in which turns ended, in their order, one for each bucket."""
    # All that is counted of the facts themselves in one reading.
    query = f"""
        SELECT CAST(occurred_at AS date) AS day, CAST(extract(hour FROM occurred_at) AS integer) AS hour,
            CASE WHEN kind = {Kind.COMPLETED} THEN width_bucket(duration_ms, CAST(:bounds AS bigint[])) END AS bucket,
            count(*) AS turns, count(*) {_ANSWERED} AS answered, count(duration_ms) {_ANSWERED} AS timed,
            CAST(coalesce(sum(duration_ms) {_ANSWERED}, 0) AS bigint) AS total_ms
        FROM turn_facts WHERE {_SETTLED} AND {window.where()} GROUP BY 1, 2, 3 ORDER BY 1, 2, 3
    """
    asked = window.values() | {"bounds": [bound for bound, _ in BUCKETS]}
    return [SettledHour(**row) for row in (await connection.execute(text(query), asked)).mappings()]


def times_of(hours: Iterable[SettledHour]) -> dict[str, int]:
    """Return how many answers took how long, by the names of BUCKETS; those that do not say are in none."""
    names = [*(name for _, name in BUCKETS), SLOWEST]
    found = dict.fromkeys(names, 0)
    for hour in hours:
        if hour.bucket is not None:
            found[names[hour.bucket]] += hour.turns
    return found


async def askers(connection: AsyncConnection, window: Window) -> Askers:
    """Return whose turns ended."""
    query = f"""
        WITH askers AS MATERIALIZED (
            SELECT subject, count(*) AS turns, count(*) {_ANSWERED} AS answered,
                CAST(coalesce(avg(duration_ms) {_ANSWERED}, 0) AS float) AS mean_ms
            FROM turn_facts WHERE {_SETTLED} AND {window.where()} GROUP BY subject
        )
        SELECT askers.*, (SELECT count(*) FROM askers) AS subjects FROM askers ORDER BY turns DESC, subject LIMIT {TOP}
    """
    rows = (await connection.execute(text(query), window.values())).all()
    top = [Asker(subject=row.subject, turns=row.turns, answered=row.answered, mean_ms=row.mean_ms) for row in rows]
    return Askers(subjects=rows[0].subjects, top=top) if rows else Askers()


async def errors(connection: AsyncConnection, window: Window) -> dict[str, int]:
    """Return how many turns failed with which class of error, the most frequent first."""
    query = f"""
        SELECT word, count(*) AS turns FROM turn_facts
        WHERE kind = {Kind.FAILED} AND {window.where()} GROUP BY word ORDER BY turns DESC, word LIMIT 100
    """
    return {row.word: row.turns for row in await connection.execute(text(query), window.values())}


async def feedback(connection: AsyncConnection, window: Window) -> Feedback:
    """Return on how many of the turns that ended in *window* anybody voted."""
    query = f"""
        SELECT count(*) FILTER (WHERE votes > 0) AS voted, count(*) FILTER (WHERE votes = 0) AS silent
        FROM turns WHERE settled_at IS NOT NULL AND {window.where(at="settled_at")}
    """
    return Feedback(**(await connection.execute(text(query), window.values())).mappings().one())
