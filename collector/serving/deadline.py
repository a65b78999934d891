"""Deadline: something to be done unless it is called off in time."""

import asyncio
from collections.abc import Callable


class Deadline:
    """One timer that can be set again and again; it does *act* when it runs out."""

    def __init__(self, loop: asyncio.AbstractEventLoop, act: Callable[[], None]) -> None:
        self._loop = loop
        self._act = act
        self._timer: asyncio.TimerHandle | None = None

    def set(self, seconds: float) -> None:
        """Run out in *seconds* from now, whatever was set before."""
        self.call_off()
        self._timer = self._loop.call_later(seconds, self._act)

    def call_off(self) -> None:
        """Do nothing, also where nothing was set."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
