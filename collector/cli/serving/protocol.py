"""The HTTP protocol with bounds: how many connections, how large a request's head may be, and how long a client may dawdle."""

import asyncio
from enum import Enum, auto
from typing import Any
from weakref import WeakKeyDictionary

from prometheus_client import Counter
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol
from uvicorn.server import ServerState

from contracts.problem import MEDIA_TYPE, Problem

MAX_CONNECTIONS = 2000
HEAD_SECONDS = 10.0
BODY_SECONDS = 10.0
HEAD_BYTES = 32 * 1024
MAX_HEADERS = 100
# Who has kept us waiting for as long makes room for a newcomer when there are too many.
GRACE_SECONDS = 1.0

REFUSED = Counter("collector_http_refused_total", "Connections closed before a request was read.", ["reason"])

_PROBLEMS = {
    400: Problem(status=400, title="This is not HTTP.", code="malformed"),
    408: Problem(status=408, title="The request took too long to arrive.", code="timeout"),
    431: Problem(
        status=431, title="The request's head is too large.", code="too_large", detail="Send fewer or shorter headers."
    ),
    503: Problem(status=503, title="Too many connections are open.", code="overloaded", detail="Come back in a moment."),
}
_PHRASES = {400: b"Bad Request", 408: b"Request Timeout", 431: b"Request Header Fields Too Large", 503: b"Service Unavailable"}


class Phase(Enum):
    """Whose turn it is: in all but ANSWER it is the client's."""

    HEAD = auto()
    BODY = auto()
    ANSWER = auto()
    IDLE = auto()


class BoundedProtocol(HttpToolsProtocol):
    """uvicorn's protocol, which by itself waits for ever for the rest of a request and holds any amount of its head.

    When there are too many connections, the one that has been waiting for its client for longest gives way to a newcomer, so
    that clients who dawdle, however many, keep nobody out.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        # In the order of since when they have been waiting.
        self._waiting = _WAITING.setdefault(self.server_state, {})
        self._phase = Phase.HEAD
        self._is_settled = False
        self._timer: asyncio.TimerHandle | None = None
        self._head_bytes = 0
        self._verdict = 400

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as uvicorn narrows it
        """Take the connection, or refuse it when there are too many and nobody gives way."""
        super().connection_made(transport)
        if len(self.connections) > MAX_CONNECTIONS and not self._make_room():
            self._refuse(503)
            return
        self._settle()

    def connection_lost(self, exc: Exception | None) -> None:
        """Forget the connection."""
        self._leave()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Read on, but not for ever into the same head."""
        if self._phase is Phase.IDLE:
            self._enter(Phase.HEAD)
        if self._phase is Phase.HEAD:
            self._head_bytes += len(data)
        super().data_received(data)
        if self.transport.is_closing():
            return
        if self._phase is Phase.HEAD and self._head_bytes > HEAD_BYTES:
            self._refuse(431)
            return
        self._settle()

    def on_message_begin(self) -> None:
        """Begin to wait for a head: the first, or the next on a connection that was kept."""
        super().on_message_begin()
        if self._phase is not Phase.HEAD:
            self._enter(Phase.HEAD)

    def on_headers_complete(self) -> None:
        """Take the head, unless it is too large although it came in one piece, or leaves open which host is meant."""
        self._head_bytes = 0
        size = len(self.url) + sum(len(name) + len(value) for name, value in self.headers)
        if size > HEAD_BYTES or len(self.headers) > MAX_HEADERS:
            self._verdict = 431
            # The parser stops at any exception, and comes back through send_400_response.
            raise ValueError("the head is too large")
        # RFC 9112, 3.2: one Host, no more and no less.
        if sum(name == b"host" for name, _ in self.headers) != 1 and self.parser.get_http_version() == "1.1":
            raise ValueError("there is not one Host")
        super().on_headers_complete()
        self._enter(Phase.BODY)

    def on_message_complete(self) -> None:
        """Take the end of the request."""
        super().on_message_complete()
        self._enter(Phase.IDLE if self.cycle.response_complete else Phase.ANSWER)

    def on_response_complete(self) -> None:
        """Wait for the next request, or for the rest of the one that was answered before its end."""
        super().on_response_complete()
        # With requests in the pipeline it is our turn again.
        if self._phase is Phase.ANSWER and self.cycle.response_complete and not self.transport.is_closing():
            self._enter(Phase.IDLE)
            self._settle()

    def send_400_response(self, msg: str) -> None:  # noqa: ARG002  # uvicorn's words are not ours
        """Answer what the parser refused."""
        if not self.transport.is_closing():
            self._refuse(self._verdict)

    def _enter(self, phase: Phase) -> None:
        self._phase, self._is_settled = phase, False

    def _settle(self) -> None:
        """Start the clock of the phase we are in; a request that comes in one piece never starts one."""
        if self._is_settled:
            return
        self._leave()
        self._is_settled = True
        if self._phase is Phase.ANSWER:
            return
        self._waiting[self] = self.loop.time()
        if self._phase is Phase.HEAD:
            self._timer = self.loop.call_later(HEAD_SECONDS, self._is_late)
        elif self._phase is Phase.BODY:
            self._timer = self.loop.call_later(BODY_SECONDS, self._is_late)
        elif self.timeout_keep_alive_task is None:  # the rest of a body that came after its answer took it away
            self._timer = self.loop.call_later(self.timeout_keep_alive, self._is_late)

    def _leave(self) -> None:
        self._waiting.pop(self, None)
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _is_late(self) -> None:
        if not self.transport.is_closing():
            self._refuse(408)

    def _make_room(self) -> bool:
        longest = next(iter(self._waiting), None)
        if longest is None or self.loop.time() - self._waiting[longest] < GRACE_SECONDS:
            return False
        longest._refuse(503)  # noqa: SLF001  # one of us
        return True

    def _refuse(self, status: int) -> None:
        self._leave()
        problem = _PROBLEMS[status]
        REFUSED.labels(problem.code).inc()
        if self._may_answer():
            body = problem.body()
            head = b"HTTP/1.1 %d %s\r\ncontent-type: %s\r\ncontent-length: %d\r\nretry-after: 2\r\nconnection: close\r\n\r\n"
            self.transport.write(head % (status, _PHRASES[status], MEDIA_TYPE.encode(), len(body)) + body)
        self.transport.close()

    def _may_answer(self) -> bool:
        """Say whether a request is open that nothing has been answered to; else our words would be taken for another answer."""
        if self.cycle is None:
            return True
        if self._phase is Phase.HEAD:
            return self.cycle.response_complete
        return self._phase is Phase.BODY and not self.cycle.response_started and not self.pipeline


_WAITING: WeakKeyDictionary[ServerState, dict[BoundedProtocol, float]] = WeakKeyDictionary()
