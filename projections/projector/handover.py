"""Hand-over: readers enter the new generation in one statement, once it is level with the one they leave."""

import asyncio
from collections.abc import Mapping, Sequence

from msgspec import Struct
from sqlalchemy.ext.asyncio import AsyncEngine

from projections.generations import Generation, make_current
from projections.projector.claim import AnotherBackfill
from projections.projector.loss import refuse_to_set_aside
from projections.projector.positions import Position, hold_positions_in, positions_in
from projections.stream import Stream

_POLL_SECONDS = 0.02
# For how long the projector of the generation that is read may be held up while the new one comes level with it.
LEVEL_SECONDS = 5.0


class HandOver(Struct, frozen=True):
    """From ``live`` to ``made``, which has to come to where the positions ``kept`` of the other are."""

    engine: AsyncEngine
    streams: Sequence[Stream]
    live: Generation
    made: Generation
    kept: frozenset[int]
    may_set_aside: bool

    async def attempt(self) -> bool:
        """Let readers enter the one instead of the other, or return False when they would go back in time: try again."""
        async with self.engine.begin() as connection:
            # Held, the one that is read cannot run ahead while the other comes level.
            held = await hold_positions_in(connection, self.live.schema) if self.kept else {}
            if not await self._comes_level({number: held[number].seq for number in self.kept & held.keys()}):
                return False
            if not self.may_set_aside:
                refuse_to_set_aside(held, await self._positions())
            if not await make_current(connection, self.made):
                raise AnotherBackfill("The new generation was taken away before it was done. Run `collector backfill` again.")
        return True

    async def _positions(self) -> dict[int, Position]:
        async with self.engine.connect() as connection:
            return await positions_in(connection, self.made.schema)

    async def _comes_level(self, ahead: Mapping[int, int]) -> bool:
        loop = asyncio.get_running_loop()
        deadline = loop.time() + LEVEL_SECONDS
        while True:
            positions = await self._positions()
            if all([await is_level(self.streams[number], positions.get(number), seq) for number, seq in ahead.items()]):
                return True
            if loop.time() > deadline:
                return False
            await asyncio.sleep(_POLL_SECONDS)


async def is_level(stream: Stream, position: Position | None, seq: int) -> bool:
    """Tell whether whoever is at *position* of *stream* has dealt with all that there is up to *seq*."""
    if position is None or position.seq >= seq:
        return position is not None
    # What the other has read last may be erased since: then there is nothing up to it.
    following = await stream.first_after(position.seq)
    return following is None or following > seq
