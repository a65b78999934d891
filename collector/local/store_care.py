"""Care of the embedded nats-server's store, which refuses for ever once its disk was full, until it is started again."""

import enum
import queue
import threading
import time
from collections.abc import Callable
from pathlib import Path

from msgspec import Struct

from collector.local.disk import why_no_room
from collector.stream.monitor import health

LOOK_SECONDS = 2.0
# A restart costs the streams' recovery: a disk that fails again at once is not worth more of them.
RESTART_SECONDS = 60.0
# Less is a start, a checkpoint or a busy machine.
PATIENCE_SECONDS = 10.0
# NATS's own words for a stream, a consumer or all of JetStream that has given up; the others (a stream that is still being
# recovered, or cannot be) no restart would mend.
_FAILED = ("write error", "not enabled")


class Mood(enum.Enum):
    """What was last said about nats-server."""

    WELL = enum.auto()
    NO_ROOM = enum.auto()
    STARTED_AGAIN = enum.auto()
    UNWELL = enum.auto()
    SILENT = enum.auto()


class Advice(Struct, frozen=True, kw_only=True):
    """What there is to say, if anything, and whether nats-server is to be started again."""

    say: str | None = None
    restart: bool = False


class StoreCare:
    """Decides, going by what nats-server says of itself, and says each thing once."""

    def __init__(self) -> None:
        self._mood = Mood.WELL
        self._odd_since: float | None = None
        self._restarted_at = -RESTART_SECONDS

    def hear(self, said: str | None, why_no_room: Callable[[], str], now: float) -> Advice:
        """Return what follows from *said*, the answer of NATS's monitoring, at *now*."""
        if said == "":
            self._odd_since = None
            return self._once(Mood.WELL, "nats-server is well again")
        if said is not None and any(words in said for words in _FAILED):
            return self._failed(said, why_no_room(), now)
        self._odd_since = now if self._odd_since is None else self._odd_since
        if now - self._odd_since < PATIENCE_SECONDS:
            return Advice()
        if said is None:
            # Stopped on purpose, or the machine too busy: to kill it would lose what only its memory holds, today's salt.
            return self._once(
                Mood.SILENT, "nats-server runs, but does not answer: it is left alone; is it stopped, or the machine busy?"
            )
        return self._once(Mood.UNWELL, f"nats-server says that something is wrong: {said}")

    def _failed(self, said: str, why: str, now: float) -> Advice:
        if why:
            return self._once(Mood.NO_ROOM, f"events are refused, for {why}. nats-server says: {said}")
        if now - self._restarted_at < RESTART_SECONDS:
            return Advice()
        self._restarted_at, self._mood = now, Mood.STARTED_AGAIN
        return Advice(say="nats-server has stopped storing, and there is room: starting it again", restart=True)

    def _once(self, mood: Mood, text: str) -> Advice:
        if mood is self._mood:
            return Advice()
        self._mood = mood
        return Advice(say=text)


class StoreWatch:
    """Asks in a thread of its own, so that an answer that does not come keeps nobody from starting again what has ended."""

    def __init__(self, monitor_url: Callable[[], str], is_running: Callable[[], bool], folder: Path) -> None:
        self._monitor_url = monitor_url
        self._is_running = is_running
        self._folder = folder
        self._care = StoreCare()
        self._advice: queue.SimpleQueue[Advice] = queue.SimpleQueue()
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._look, name="store-watch", daemon=True)

    def start(self) -> None:
        """Begin to ask."""
        self._thread.start()

    def stop(self) -> None:
        """Ask no more."""
        self._over.set()

    def advice(self) -> Advice:
        """Return the next advice that has not been taken yet; it never waits."""
        try:
            return self._advice.get_nowait()
        except queue.Empty:
            return Advice()

    def _look(self) -> None:
        while not self._over.wait(LOOK_SECONDS):
            # What has ended is started again by others.
            if self._is_running():
                self._advice.put(
                    self._care.hear(health(self._monitor_url()), lambda: why_no_room(self._folder), time.monotonic())
                )
