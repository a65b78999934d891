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
        # What is ignored already, such as a hang-up under nohup, stays ignored.
        wanted = [number for number in _SIGNALS if signal.getsignal(number) is not signal.SIG_IGN]
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
