"""Room: how many questions of one caller are answered at a time, so that whoever asks very many keeps nobody else out."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final

from projections.query.caller import Caller
from projections.query.database import POOL_SIZE
from projections.query.problems import unavailable

# Two sessions of the pool are always for others.
AT_ONCE: Final = POOL_SIZE - 2
_PATIENCE_SECONDS: Final = 10.0
_BUSY: Final = (
    f"More than {AT_ONCE} questions of yours are being answered. Ask for less at a time, and again after Retry-After."
)


class _Asking:
    def __init__(self) -> None:
        self.turns = asyncio.Semaphore(AT_ONCE)
        self.callers = 0


class Room:
    """Lets AT_ONCE questions of each credential in; others of it wait for their turn without keeping a session."""

    def __init__(self, *, patience: float = _PATIENCE_SECONDS) -> None:
        self._patience = patience
        self._asking: dict[str, _Asking] = {}

    @asynccontextmanager
    async def of(self, caller: Caller) -> AsyncIterator[None]:
        """Wait until it is *caller*'s turn, and hold it for the length of the block; raise Refused when that takes too long."""
        asking = self._asking.setdefault(caller.mark, _Asking())
        asking.callers += 1
        try:
            await self._turn(asking)
            try:
                yield
            finally:
                asking.turns.release()
        finally:
            asking.callers -= 1
            if not asking.callers:
                del self._asking[caller.mark]

    async def _turn(self, asking: _Asking) -> None:
        try:
            async with asyncio.timeout(self._patience):
                await asking.turns.acquire()
        except TimeoutError:
            raise unavailable("busy", _BUSY, retry_after=1) from None
