"""The export: a breakdown with all its rows as CSV, handed on as the database gives them, so that its size costs no memory."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy.ext.asyncio import AsyncEngine

from projections.query.database import POOL_SIZE, reading
from projections.query.dimensions import Dimension
from projections.query.problems import unavailable
from projections.query.question import WebQuestion
from projections.query.web.breakdown import ValueRow, all_rows, count_visitors
from projections.query.web.spreadsheet import csv_head, csv_rows

# Each holds a session for as long as its reader takes: most of the pool is for questions.
AT_ONCE: Final = POOL_SIZE - 3
_PATIENCE_SECONDS: Final = 10.0
# Whoever reads slower than that keeps the database from tidying up for too long.
LONGEST: Final = timedelta(minutes=10)


class Turns:
    """Lets AT_ONCE exports in; others wait for their turn without keeping a session."""

    def __init__(self, *, patience: float = _PATIENCE_SECONDS) -> None:
        self._free = asyncio.Semaphore(AT_ONCE)
        self._patience = patience

    @asynccontextmanager
    async def turn(self) -> AsyncIterator[None]:
        """Wait for a turn and hold it for the length of the block; raise Refused when that takes too long."""
        try:
            async with asyncio.timeout(self._patience):
                await self._free.acquire()
        except TimeoutError:
            raise unavailable("busy", f"{AT_ONCE} exports are under way. Ask again after Retry-After.") from None
        try:
            yield
        finally:
            self._free.release()


async def exported(
    engine: AsyncEngine, question: WebQuestion, dimension: Dimension, *, turns: Turns, clock: Callable[[], datetime]
) -> AsyncGenerator[str]:
    """Yield every row of a breakdown as CSV, the names of the columns first.

    Raise Refused where there is no answer: before the first piece, it is answered; after it, whoever sends the pieces must
    break off, so that what is not whole is not taken for it.
    """
    until = clock() + LONGEST
    async with turns.turn(), reading(engine, question.caller) as connection:
        visitors = await count_visitors(connection, question)
        head = True
        async for rows in all_rows(connection, question, dimension, visitors=visitors):
            if clock() > until:
                raise unavailable("too_slow", "The export was read too slowly. Ask for fewer days.")
            yield _piece(rows, dimension, head=head)
            head = False
        if head:
            yield csv_head(dimension, [])


def _piece(rows: list[ValueRow], dimension: Dimension, *, head: bool) -> str:
    return (csv_head(dimension, rows) if head else "") + csv_rows(rows, dimension)
