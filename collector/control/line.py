"""A line to NATS of its own: a thread, an event loop and a connection, through which code that waits may ask."""

import asyncio
import contextlib
import threading
from collections.abc import Awaitable, Callable, Coroutine
from concurrent.futures import CancelledError, Future
from types import TracebackType
from typing import Any, NamedTuple, Self, TypeVar

from collector.stream.connection import UNREACHABLE, Connection, connect, disconnect
from contracts.jetstream import PASSING, JetStreamError

Answer = TypeVar("Answer")
# How long a question is asked again before there is no answer; a nats-server that is started again takes a second or two.
PATIENCE_SECONDS = 5.0
_PAUSE_SECONDS = 0.05
_OPEN_SECONDS = 60.0
_CLOSE_SECONDS = 10.0


class LineClosed(Exception):
    """The line was closed while somebody asked, or before."""


class NoAnswer(Exception):
    """NATS did not answer as long as one waits for it; what was asked for may have been done."""


class _Opened(NamedTuple):
    loop: asyncio.AbstractEventLoop
    client: Connection
    ending: asyncio.Event


class Line:
    """Asks NATS from any thread but that of an event loop, which would stand still; it opens with the first question."""

    def __init__(self, url: str, *, patience: float = PATIENCE_SECONDS) -> None:
        self._url = url
        self._patience = patience
        self._lock = threading.Lock()
        self._opening: Future[_Opened] | None = None
        self._thread: threading.Thread | None = None
        self._is_closed = False
        self.losses = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, raised: BaseException | None, traceback: TracebackType | None) -> None:
        self.close()

    def ask(self, question: Callable[[Connection], Coroutine[Any, Any, Answer]]) -> Answer:
        """Return the answer to *question*, or raise NoAnswer once patience is at its end; it may be asked more than once."""
        opened = self._opened()
        asked = asyncio.run_coroutine_threadsafe(self._ask_patiently(opened.client, question), opened.loop)
        try:
            return asked.result()
        except CancelledError:
            raise LineClosed from None

    def close(self) -> None:
        """Leave NATS; whoever still asks gets LineClosed."""
        with self._lock:
            self._is_closed = True
            opening, thread = self._opening, self._thread
        if opening is None or thread is None:
            return
        opened = opening.result(_OPEN_SECONDS)
        with contextlib.suppress(RuntimeError):  # the loop is closed: somebody was here before
            opened.loop.call_soon_threadsafe(opened.ending.set)
        thread.join(_CLOSE_SECONDS)

    def _opened(self) -> _Opened:
        with self._lock:
            if self._is_closed:
                raise LineClosed
            if self._opening is None:
                self._opening = Future()
                self._thread = threading.Thread(target=self._live, args=(self._opening,), name="control-line", daemon=True)
                self._thread.start()
        return self._opening.result(_OPEN_SECONDS)

    def _live(self, opening: "Future[_Opened]") -> None:
        asyncio.run(self._serve(opening))

    async def _serve(self, opening: "Future[_Opened]") -> None:
        ending = asyncio.Event()
        client = await connect(self._url, on_loss=self._lose)
        opening.set_result(_Opened(asyncio.get_running_loop(), client, ending))
        try:
            await ending.wait()
        finally:
            await disconnect(client)

    def _lose(self) -> None:
        self.losses += 1

    async def _ask_patiently(self, client: Connection, question: Callable[[Connection], Awaitable[Answer]]) -> Answer:
        loop = asyncio.get_running_loop()
        deadline = loop.time() + self._patience
        while True:
            # Not while it is away: what is published then is sent when it is back, long after the caller was told otherwise.
            if client.is_connected:
                try:
                    return await question(client)
                except UNREACHABLE:
                    pass
                except JetStreamError as error:
                    if error.err_code not in PASSING:
                        raise
            if loop.time() >= deadline:
                raise NoAnswer
            await asyncio.sleep(_PAUSE_SECONDS)
