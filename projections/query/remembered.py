"""Remembered: what was looked up a moment ago, so that a page of many questions asks once who shows its credential."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Generic, TypeVar

SECONDS = 1.0
MOST = 10_000

Found = TypeVar("Found")


class Remembered(Generic[Found]):
    """Answers by name, each for a second: what has been revoked meanwhile is still let in for no longer than that."""

    def __init__(self) -> None:
        self._found: dict[str, tuple[float, Found]] = {}

    async def find(self, name: str, look_up: Callable[[str], Awaitable[Found]]) -> Found:
        """Return what *look_up* has found of *name*, now or within the last second."""
        now = asyncio.get_running_loop().time()
        known = self._found.get(name)
        if known is not None and now - known[0] < SECONDS:
            return known[1]
        found = await look_up(name)
        if len(self._found) >= MOST:
            self._found.clear()
        if found is not None:  # what is not there yet may be in a moment, and somebody waits for it
            self._found[name] = (now, found)
        return found

    def forget(self, name: str) -> None:
        """Look *name* up when it is next asked for."""
        self._found.pop(name, None)
