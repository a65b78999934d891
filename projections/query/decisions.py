"""Decisions: waiting until one is in the tables, so that the page after a form shows what the form has done."""

import asyncio

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncEngine

from projections.control.tables import READING
from projections.query.database import at_the_door

PATIENCE_SECONDS = 2.0
MOST_WAITING = 8
_LOOK_SECONDS = 0.03


async def wait_for(engine: AsyncEngine, seq: int, *, seconds: float = PATIENCE_SECONDS) -> bool:
    """Return whether the decision *seq* of the control stream is in the tables, waiting for it at most *seconds*."""
    loop = asyncio.get_running_loop()
    deadline = loop.time() + seconds
    while True:
        async with at_the_door(engine) as connection:
            reached = await connection.scalar(select(READING.c.seq))
        if reached is not None and reached >= seq:
            return True
        if loop.time() >= deadline:
            return False
        await asyncio.sleep(_LOOK_SECONDS)


class Waiting:
    """Waits for decisions on behalf of pages, of a few at a time: everybody's questions share the connections."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine
        self._now = 0

    async def has(self, seq: int) -> bool:
        """Return whether the tables have the decision *seq*, within PATIENCE_SECONDS."""
        if seq <= 0:
            return True
        seconds = PATIENCE_SECONDS if self._now < MOST_WAITING else 0.0
        self._now += 1
        try:
            return await wait_for(self._engine, seq, seconds=seconds)
        finally:
            self._now -= 1
