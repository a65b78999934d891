"""The claim to rebuild a projection: a lock in Postgres, so that there is one rebuild at a time, and all see when it ends."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from projections.generations import Generation, all_generations, retire

# The first half of the lock's name, of which the projection's is the other.
_BACKFILLS = 0x636F6D
_IS_ABANDONED = text(f"SELECT pg_try_advisory_xact_lock({_BACKFILLS}, hashtext(:of))")
_CLAIM = text(f"SELECT pg_try_advisory_lock({_BACKFILLS}, hashtext(:of))")


class AnotherBackfill(Exception):
    """A backfill of the same projection is under way; or ours was taken for dead. The text says what to do."""


@asynccontextmanager
async def claimed(engine: AsyncEngine, projection: str) -> AsyncIterator[None]:
    """Be the only one to rebuild *projection* for the length of the block, or raise AnotherBackfill.

    What one that died has left is given up, so that it goes with the next one's old generation also where no projector runs.
    """
    async with engine.connect() as connection:
        await connection.execution_options(isolation_level="AUTOCOMMIT")
        if not await connection.scalar(_CLAIM, {"of": projection}):
            raise AnotherBackfill("Another backfill is under way. Wait for its end, or stop it, and try again.")
        try:
            for left in await all_generations(connection, [projection]):
                await retire(connection, left)
            yield
        finally:
            # The lock ends with its session, in whatever state that is; in the pool it would live on.
            await connection.invalidate()


async def give_up_abandoned(engine: AsyncEngine, generation: Generation) -> None:
    """Retire *generation*, which is being built, unless its backfill is still there."""
    async with engine.begin() as connection:
        if await connection.scalar(_IS_ABANDONED, {"of": generation.projection}):
            await retire(connection, generation)
