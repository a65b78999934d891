"""Settled: how many turns were answered and how many failed, by hour, how long they took and what went wrong."""

from datetime import date

from msgspec import Struct
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from projections.query.turns.hours import fact_hours
from projections.query.turns.quality import told_apart
from projections.query.turns.window import Window
from projections.read_models.turn_fact_hours import TOOK, UNTIMED
from projections.read_models.turn_facts import Kind

# Upper bounds of how long an answer took, in milliseconds, and what such answers are called; what is above them all is last.
BUCKETS: tuple[tuple[int, str], ...] = tuple(zip(TOOK, ("<100ms", "100-500ms", "500ms-1s", "1-2s", "2-5s"), strict=True))
SLOWEST = ">5s"
_SETTLED = f"kind IN ({Kind.COMPLETED}, {Kind.FAILED})"
_ANSWERED = f"FILTER (WHERE kind = {Kind.COMPLETED})"


class SettledHour(Struct, frozen=True, kw_only=True):
    """The turns that ended in one hour of a UTC day; ``total_ms`` is the sum of those ``timed``."""

    day: date
    hour: int
    turns: int
    answered: int
    timed: int
    total_ms: int


class Feedback(Struct, frozen=True, kw_only=True):
    """Of the turns that ended: on how many somebody voted, and on how many nobody."""

    voted: int
    silent: int


async def settled_by_hour(connection: AsyncConnection, window: Window) -> list[SettledHour]:
    """Return the hours in which turns ended, in their order."""
    hours, asked = fact_hours(window)
    query = f"""
        SELECT CAST(hour AS date) AS day, CAST(extract(hour FROM hour) AS integer) AS hour,
            CAST(sum(facts) AS bigint) AS turns, CAST(coalesce(sum(facts) {_ANSWERED}, 0) AS bigint) AS answered,
            CAST(sum(timed) AS bigint) AS timed, CAST(sum(total_ms) AS bigint) AS total_ms
        FROM ({hours}) AS hours WHERE {_SETTLED} GROUP BY 1, 2 ORDER BY 1, 2
    """
    return [SettledHour(**row) for row in (await connection.execute(text(query), asked)).mappings()]


async def times(connection: AsyncConnection, window: Window) -> dict[str, int]:
    """Return how many answers took how long, by the names of BUCKETS; those that do not say are in none."""
    names = [*(name for _, name in BUCKETS), SLOWEST]
    hours, asked = fact_hours(window)
    query = f"""
        SELECT took, CAST(sum(facts) AS bigint) AS answers FROM ({hours}) AS hours
        WHERE kind = {Kind.COMPLETED} AND took <> {UNTIMED} GROUP BY took
    """
    counted = {names[row.took]: row.answers for row in await connection.execute(text(query), asked)}
    return dict.fromkeys(names, 0) | counted


async def errors(connection: AsyncConnection, window: Window) -> dict[str, int]:
    """Return how many turns failed with which class of error, the most frequent first."""
    hours, asked = fact_hours(window)
    query = f"""
        SELECT name, CAST(sum(facts) AS bigint) AS turns FROM ({hours}) AS hours
        WHERE kind = {Kind.FAILED} GROUP BY name ORDER BY turns DESC, name LIMIT 100
    """
    return {row.name: row.turns for row in await connection.execute(text(query), asked)}


async def feedback(connection: AsyncConnection, window: Window) -> Feedback:
    """Return on how many of the turns that ended in *window* anybody voted."""
    whole, _ = await told_apart(connection, window)
    return Feedback(voted=whole.voted, silent=whole.turns - whole.voted)
