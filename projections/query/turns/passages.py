"""Passages: how many conversations there were and how they ended, and how far people came on which journeys."""

from msgspec import Struct
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from projections.query.turns.hours import fact_hours
from projections.query.turns.window import Window
from projections.read_models.turn_facts import Kind


class Conversations(Struct, frozen=True, kw_only=True):
    """How many conversations began and ended in the window, and their messages in the mean, None where none says.

    A conversation begins once, with the first that is told of its beginning, and ends with the last of its ends.
    """

    started: int
    ended: int
    mean_messages: float | None


class JourneyCount(Struct, frozen=True, kw_only=True):
    """How often a step of the journey was taken, and how often the last; one that has an id and a name goes by the name."""

    journey: str
    steps: int
    finished: int


async def conversations(connection: AsyncConnection, window: Window) -> Conversations:
    """Return the conversations that began or ended in *window*."""
    hours, asked = fact_hours(window)
    query = f"""
        SELECT (SELECT count(*) FROM conversations WHERE started_at IS NOT NULL AND {window.where(at="started_at")}) AS started,
            (SELECT count(*) FROM conversations WHERE ended_at IS NOT NULL AND {window.where(at="ended_at")}) AS ended,
            (SELECT CAST(sum(total_size) / nullif(sum(sized), 0) AS float) FROM ({hours}) AS hours
             WHERE kind = {Kind.CONVERSATION_ENDED}) AS mean_messages
    """
    return Conversations(**(await connection.execute(text(query), window.values() | asked)).mappings().one())


async def journeys(connection: AsyncConnection, window: Window) -> list[JourneyCount]:
    """Return the journeys on which steps were taken in *window*, the most frequent first."""
    hours, asked = fact_hours(window)
    query = f"""
        SELECT name AS journey, CAST(sum(facts) AS bigint) AS steps, CAST(sum(finished) AS bigint) AS finished
        FROM ({hours}) AS hours WHERE kind = {Kind.JOURNEY_STEP} AND name <> '' GROUP BY name ORDER BY steps DESC, journey
    """
    return [JourneyCount(**row) for row in (await connection.execute(text(query), asked)).mappings()]
