"""How the supervisor hears that it is to stop: the first signal asks, the second insists."""

import contextlib
import signal
import time
from collections.abc import Iterator
from types import FrameType

_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class Interrupted(BaseException):
    """We were asked to stop while waiting; no error, so no ``except Exception`` may take it."""


class StopSignals:
    """Counts the signals that ask us to stop, and nothing more: what is under way is never cut in the middle."""

    def __init__(self) -> None:
        self._count = 0

    @contextlib.contextmanager
    def heard(self) -> Iterator[None]:
        """Listen for as long as the block lasts."""
        # A hang-up that is ignored, as under nohup, stays so. An interrupt is heard: a shell has every command ignore it that a
        # script starts with &, and whoever sends it then means this process.
        is_hung_up = signal.getsignal(signal.SIGHUP) is not signal.SIG_IGN
        wanted = [number for number in _SIGNALS if number is not signal.SIGHUP or is_hung_up]
        before = {number: signal.signal(number, self._hear) for number in wanted}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)

    def is_asked(self) -> bool:
        """Say whether we were asked to stop."""
        return self._count > 0

    def is_urgent(self) -> bool:
        """Say whether we were asked twice."""
        return self._count > 1

    def pause(self, seconds: float) -> None:
        """Wait, or raise Interrupted when we are to stop."""
        if self.is_asked():
            raise Interrupted
        time.sleep(seconds)

    def _hear(self, _: int, __: FrameType | None) -> None:
        self._count += 1
