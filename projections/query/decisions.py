"""Decisions: waiting until one is in the tables, so that the page after a form shows what the form has done."""

import asyncio

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncEngine

from projections.control.tables import READING
from projections.query.database import at_the_door

PATIENCE_SECONDS = 2.0
_LOOK_SECONDS = 0.03
_MOST_WAITING = 64
_MOST_DIGITS = 15


class Decisions:
    """How far the decisions are in the tables; however many wait, one looks."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine
        self._looking = asyncio.Lock()
        self._looked_at = float("-inf")
        self._reached = 0
        self._waiting = 0

    async def wait_for(self, seq: int, *, seconds: float | None = None) -> bool:
        """Return whether the decision *seq* is in the tables, waiting for it at most *seconds*, or PATIENCE_SECONDS."""
        if self._waiting >= _MOST_WAITING:  # who asks for what will never come keeps nobody else
            return False
        self._waiting += 1
        try:
            return await self._wait(seq, asyncio.get_running_loop().time() + (PATIENCE_SECONDS if seconds is None else seconds))
        finally:
            self._waiting -= 1

    async def _wait(self, seq: int, deadline: float) -> bool:
        loop = asyncio.get_running_loop()
        while await self._look() < seq:
            if loop.time() >= deadline:
                return False
            await asyncio.sleep(_LOOK_SECONDS)
        return True

    async def _look(self) -> int:
        loop = asyncio.get_running_loop()
        async with self._looking:
            if loop.time() - self._looked_at >= _LOOK_SECONDS:
                async with at_the_door(self._engine) as connection:
                    self._reached = await connection.scalar(select(READING.c.seq)) or 0
                self._looked_at = loop.time()
            return self._reached


def decision_in(text: str) -> int:
    """Return the sequence that *text*, the value of AFTER, names; 0 where it names none."""
    return int(text) if text.isascii() and text.isdecimal() and len(text) <= _MOST_DIGITS else 0
