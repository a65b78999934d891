"""Deciding on an event loop: commands wait elsewhere, and what there is is shown with what was decided here in it."""

import asyncio
import contextlib
from collections.abc import Callable
from typing import Final, TypeVar

from collector.control.decided import Decided, Lost, unavailable
from collector.control.follow import Follower
from collector.control.plane import ControlPlane
from collector.control.things import Things

T = TypeVar("T")

# As long as a page waits for what its form has decided.
LEVEL_SECONDS: Final = 2.0
_LOOK_SECONDS: Final = 0.01
_AWAY: Final = "NATS does not answer. Try again in a moment; `collector doctor` says more."


class Deciding:
    """The control plane of an ingest process: *plane* decides, and the directory that *follower* keeps is looked at."""

    def __init__(self, plane: ControlPlane, follower: Follower, *, is_connected: Callable[[], bool]) -> None:
        self._plane = plane
        self._follower = follower
        self._is_connected = is_connected
        self._decided = 0

    async def decide(self, command: Callable[[ControlPlane], Decided[T]]) -> Decided[T]:
        """Return what *command* decides, or raise Undecided; while it is known that NATS is away, nobody waits for it."""
        decided = await self.ask(command)
        self.expect(decided.seq)
        return decided

    async def ask(self, question: Callable[[ControlPlane], T]) -> T:
        """Return what *question* finds out through the stream's leader, or raise Undecided."""
        if not self._is_connected():
            raise unavailable(_AWAY)
        self.refuse_lost()
        return await self._plane.run(question)

    def refuse_lost(self) -> None:
        """Raise Undecided while the stream is not the one that was read: it says of nobody whether they are a member."""
        if loss := self._follower.loss:
            raise Lost(f"{loss[:1].upper()}{loss[1:]}.")

    def expect(self, seq: int) -> None:
        """Let whoever looks from now on see what was decided at *seq*."""
        self._decided = max(self._decided, seq)

    async def things(self) -> Things:
        """Return what there is, which goes on while NATS is away; raise Unavailable before it was ever read."""
        directory = self._follower.directory
        directory.refuse_unread()
        if self._follower.seq < self._decided:
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._be_level(), LEVEL_SECONDS)
        return directory.things

    async def _be_level(self) -> None:
        while self._follower.seq < self._decided:  # noqa: ASYNC110  # whoever reads has no event for each sequence
            await asyncio.sleep(_LOOK_SECONDS)
