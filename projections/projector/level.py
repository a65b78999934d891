"""Level: two generations brought to the same message of each stream, so that what differs between them is no matter of time."""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from projections.generations import Generation
from projections.projector.handover import is_level
from projections.projector.positions import Position, hold_positions_in, positions_in
from projections.projector.worker import Projector
from projections.stream import Stream

_POLL_SECONDS = 0.05
# For how long the projector of the generation that is read is held up at most, each time.
_HELD_SECONDS = 5.0
# Long enough for a projector of what is read to come up with the stream; where none can, they are compared as they are.
_PATIENCE_SECONDS = 60.0


class Level:
    """Brings ``made``, on which *projectors* alone work, to where ``read`` is.

    That *is_empty* says that what is read has dealt with nothing yet.
    """

    def __init__(
        self,
        engine: AsyncEngine,
        read: Generation,
        made: Generation,
        projectors: Mapping[int, Projector],
        streams: Sequence[Stream],
        *,
        is_empty: bool = False,
    ) -> None:
        self._is_empty = is_empty
        self._engine, self._read, self._made = engine, read, made
        self._projectors, self._streams = projectors, streams

    @asynccontextmanager
    async def snapshot(
        self, comparing: AsyncEngine, reading: Sequence[Projector], *, clock: Callable[[], datetime]
    ) -> AsyncIterator[tuple[AsyncConnection, bool]]:
        """Yield what sees both as of one moment for the length of the block, and whether both were at the same messages then.

        The connection is of *comparing*, and *reading* bring what is read up to date where nobody else does. Within the block
        both go on.
        """
        async with comparing.connect() as connection:
            await connection.execution_options(isolation_level="REPEATABLE READ")
            stop = asyncio.Event()
            running = [asyncio.create_task(self._run(projector, stop, clock)) for projector in reading]
            try:
                at_one = await self._look_when_level(connection)
            finally:
                for projector in self._projectors.values():
                    projector.last = None
                stop.set()
                await asyncio.gather(*running, return_exceptions=True)  # why one has halted, doctor says
            yield connection, at_one

    async def _run(self, projector: Projector, stop: asyncio.Event, clock: Callable[[], datetime]) -> None:
        async with projector:
            await projector.run(stop, clock=clock)

    async def _look_when_level(self, connection: AsyncConnection) -> bool:
        deadline = asyncio.get_running_loop().time() + _PATIENCE_SECONDS
        # Without any, as where somebody has dropped the positions, nobody can say how far what is read has come.
        while self._projectors and asyncio.get_running_loop().time() < deadline:
            if await self._looks(connection):
                return True
            await asyncio.sleep(_POLL_SECONDS)
        await positions_in(connection, self._made.schema)
        return self._is_empty

    async def _looks(self, connection: AsyncConnection) -> bool:
        async with self._engine.begin() as holding:
            made, held = await self._positions(), await hold_positions_in(holding, self._read.schema)
            numbers = self._projectors.keys()
            if not numbers <= made.keys() & held.keys():
                return False
            # Who is ahead of the other waits where it is.
            ends = {number: max(made[number].seq, held[number].seq) for number in numbers}
            for number, projector in self._projectors.items():
                projector.last = ends[number]
            are_there = [await is_level(self._streams[number], held[number], end) for number, end in ends.items()]
            if not all(are_there) or not await self._comes_to(ends):
                return False
            # What it sees is of the time of its first statement. A batch that was under way may have come in between.
            seen = await positions_in(connection, self._made.schema)
            if any(seen[number].seq > end for number, end in ends.items()):
                await connection.rollback()
                return False
            return True

    async def _positions(self) -> dict[int, Position]:
        async with self._engine.connect() as connection:
            return await positions_in(connection, self._made.schema)

    async def _comes_to(self, ends: Mapping[int, int]) -> bool:
        deadline = asyncio.get_running_loop().time() + _HELD_SECONDS
        while True:
            made = await self._positions()
            if any(made[number].seq > end for number, end in ends.items()):
                return False
            if all([await is_level(self._streams[number], made[number], end) for number, end in ends.items()]):
                return True
            if asyncio.get_running_loop().time() > deadline:
                return False
            await asyncio.sleep(_POLL_SECONDS)
