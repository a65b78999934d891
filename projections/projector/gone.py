"""Gone: how many of the messages that a stream holds no more went with deleted sites, so that they are no loss."""

from collections.abc import Awaitable, Callable
from typing import TypeAlias

from msgspec import Struct
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from projections.projector.positions import Position
from projections.stream import Identity


class Gone(Struct, frozen=True, kw_only=True):
    """Messages that were erased with sites: *counted* ones, those *behind* the position, and those *before* what is left.

    ``before`` counts what was read and is erased, or was missing already, from the first counted one to the first there is.
    """

    counted: int = 0
    behind: int = 0
    before: int = 0


NOTHING = Gone()
# What is gone of the stream of a name, of which a position is known, and which is as said now.
Reckon: TypeAlias = Callable[[str, Position, Identity], Awaitable[Gone]]

_RECKON = """
    WITH listed AS (
        SELECT coalesce(range_agg(int8range(first, last, '[]')), '{{}}') AS runs FROM erased
        WHERE stream = :stream AND said_at >= :created
    ), met AS (
        SELECT coalesce(range_agg(int8range(first, last, '[]')), '{{}}') AS runs FROM "{schema}".holes
        WHERE partition = :partition
    ), gone AS (
        SELECT 1 AS what, listed.runs * int8multirange(int8range(:first, :seq, '[]')) - met.runs AS runs FROM listed, met
        UNION ALL
        SELECT 2, runs * int8multirange(int8range(:seq, :last, '(]')) FROM listed
        UNION ALL
        SELECT 3, (listed.runs + met.runs) * int8multirange(int8range(:first, CAST(:now_first AS bigint))) FROM listed, met
    )
    SELECT what, coalesce(sum(upper(run) - lower(run)), 0) FROM gone, unnest(runs) AS run GROUP BY what
"""


def reckon_in(engine: AsyncEngine, schema: str) -> Reckon:
    """Return what reckons for the generation in *schema*, each time by what is known by then."""

    async def reckon(stream: str, position: Position, goal: Identity) -> Gone:
        if goal.created != position.stream_created:
            return NOTHING
        async with engine.connect() as connection:
            return await _reckoned(connection, schema, stream, position, goal)

    return reckon


async def _reckoned(connection: AsyncConnection, schema: str, stream: str, position: Position, goal: Identity) -> Gone:
    asked = {
        "stream": stream,
        "created": goal.created,
        "partition": position.partition,
        "first": position.first_seq,
        "seq": position.seq,
        "last": max(goal.last_seq, position.seq),
        "now_first": max(goal.first_seq, position.first_seq),
    }
    found = {int(what): int(many) for what, many in await connection.execute(text(_RECKON.format(schema=schema)), asked)}
    return Gone(counted=found.get(1, 0), behind=found.get(2, 0), before=found.get(3, 0))
