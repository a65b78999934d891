"""Revived: a child that is started again when it ends."""

import time
from collections.abc import Callable

from collector.local.child import Child, NotStarted, stop_together

FIRST_DELAY, LONGEST_DELAY = 0.1, 10.0
# A child that lived as long as this has not failed for the reason of last time.
HEALTHY_SECONDS = 30.0
_STOP_SECONDS = 5.0


class Revived:
    """A child, and how to start it; each time that it does not last, the next start waits for longer."""

    def __init__(self, name: str, start: Callable[[], Child], *, clock: Callable[[], float] = time.monotonic) -> None:
        self.name = name
        self.child: Child | None = None
        self._start = start
        self._clock = clock
        self._delay = 0.0
        self._started_at = 0.0
        self._due_at: float | None = None

    def start(self) -> None:
        """Start it."""
        self._started_at, self._due_at = self._clock(), None
        self.child = self._start()

    def revive(self) -> str | None:
        """Start it again when it has ended and its time has come; return what there is to tell about it, if anything."""
        if self.child is not None and self.child.is_running:
            return None
        now = self._clock()
        if self._due_at is None:
            return self._plan(now)
        if now < self._due_at:
            return None
        return self._start_again()

    def restart(self) -> str:
        """Stop it and start it again; return what there is to tell about it."""
        if self.child is not None:
            stop_together([self.child], patience=_STOP_SECONDS)
        return self._start_again()

    def _start_again(self) -> str:
        try:
            self.start()
        except NotStarted as error:
            return str(error)
        except OSError as error:
            return f"{self.name} cannot be started ({error.strerror})"
        return f"{self.name} runs again"

    def _plan(self, now: float) -> str:
        lasted = now - self._started_at > HEALTHY_SECONDS
        self._delay = FIRST_DELAY if lasted else min(max(2 * self._delay, FIRST_DELAY), LONGEST_DELAY)
        self._due_at = now + self._delay
        code = "" if self.child is None else f" (exit code {self.child.process.returncode}; see {self.child.program.log})"
        return f"{self.name} has stopped{code}; starting it again in {self._delay:.1f} s"
