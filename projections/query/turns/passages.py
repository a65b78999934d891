"""Passages: how many conversations there were and how they ended, and how far people came on which journeys."""

from msgspec import Struct
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from projections.query.turns.window import Window
from projections.read_models.turn_facts import Kind


class Conversations(Struct, frozen=True, kw_only=True):
    """How many conversations began and ended in the window, and their messages in the mean, None where none says."""

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
    ended = f"FILTER (WHERE kind = {Kind.CONVERSATION_ENDED})"
    query = f"""
        SELECT count(DISTINCT conversation) FILTER (WHERE kind = {Kind.CONVERSATION_STARTED}) AS started,
            count(DISTINCT conversation) {ended} AS ended, CAST(avg(size) {ended} AS float) AS mean_messages
        FROM turn_facts
        WHERE kind IN ({Kind.CONVERSATION_STARTED}, {Kind.CONVERSATION_ENDED}) AND conversation <> '' AND {window.where()}
    """
    return Conversations(**(await connection.execute(text(query), window.values())).mappings().one())


async def journeys(connection: AsyncConnection, window: Window) -> list[JourneyCount]:
    """Return the journeys on which steps were taken in *window*, the most frequent first."""
    query = f"""
        SELECT coalesce(props ->> 'journey_name', journey) AS journey, count(*) AS steps,
            count(*) FILTER (WHERE is_last) AS finished
        FROM turn_facts
        WHERE kind = {Kind.JOURNEY_STEP} AND journey <> '' AND {window.where()} GROUP BY 1 ORDER BY steps DESC, journey
    """
    return [JourneyCount(**row) for row in (await connection.execute(text(query), window.values())).mappings()]
