"""Farewell: a generation that was given up, or is read no more, is taken away as soon as nobody uses it."""

import asyncio
from contextlib import suppress

from sqlalchemy.ext.asyncio import AsyncEngine

from projections.database import POSTGRES_ERRORS
from projections.generations import Generation, Removal, retire

_POLL_SECONDS = 0.2
# How long whoever still reads the old generation is waited for; after that a projector removes it.
FAREWELL_SECONDS = 30.0


async def give_up(engine: AsyncEngine, made: Generation) -> None:
    """Take *made* away, unless it is what is read by now."""
    # Where Postgres is away it is given up by the next projector that looks round.
    with suppress(*POSTGRES_ERRORS):
        async with engine.begin() as connection:
            await retire(connection, made)
        await Removal().step(engine, [made.projection])


async def farewell(engine: AsyncEngine, projection: str) -> None:
    """Take away the generations of *projection* that are read no more, when their last readers have gone."""
    removal = Removal()
    # The readers have their new generation, whatever becomes of the old one: a projector takes it away, too.
    with suppress(*POSTGRES_ERRORS):
        async with asyncio.timeout(FAREWELL_SECONDS):
            while not await removal.step(engine, [projection]):  # noqa: ASYNC110  # others' doing
                await asyncio.sleep(_POLL_SECONDS)
