"""The HTTP protocol with bounds: how many connections, how large a request's head may be, and how long a client may dawdle."""

import asyncio
from collections.abc import Callable
from enum import Enum, auto
from typing import Any
from weakref import WeakKeyDictionary

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle
from uvicorn.server import ServerState

from collector.serving.refusals import HEAD_BYTES, fault_of, refusal

# At the worst each holds a head and what uvicorn reads ahead of a body, 32 and 64 KiB: 190 MiB together.
MAX_CONNECTIONS = 2000
# Whoever dawdles is gone within ten seconds, and on a busy machine a timer is late.
HEAD_SECONDS = 8.0
BODY_SECONDS = 8.0
DELIVERY_SECONDS = 8.0
# Reading pauses once a request waits for its turn, but one piece from the network may hold thousands of the shortest, and each
# that waits takes some kilobytes. Those who pipeline send a handful.
MAX_PIPELINED = 64
# Who has kept us waiting for as long makes room for a newcomer when there are too many.
GRACE_SECONDS = 1.0


class Phase(Enum):
    """Whose turn it is: in all but ANSWER it is the client's."""

    HEAD = auto()
    BODY = auto()
    ANSWER = auto()
    IDLE = auto()


UNFINISHED = (Phase.HEAD, Phase.BODY)


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
        self._has_clock = False
        self._arrival = Deadline(self.loop, self._is_late)
        self._delivery = Deadline(self.loop, self._abort)
        self._under_way: RequestResponseCycle | None = None
        self._overhead = 0
        self._head_fault = 400

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as uvicorn narrows it
        """Take the connection, or refuse it when there are too many and nobody gives way."""
        super().connection_made(transport)
        if len(self.connections) > MAX_CONNECTIONS and not self._make_room():
            self._refuse(503)
            return
        self._set_clock()

    def connection_lost(self, exc: Exception | None) -> None:
        """Forget the connection."""
        self._leave()
        self._delivery.call_off()
        # uvicorn tells only the last of several requests in a row, and the others would answer into nothing.
        if self._under_way is not None:
            self._under_way.disconnected = True
        self.pipeline.clear()
        super().connection_lost(exc)

    def _start_asgi_task(self, cycle: RequestResponseCycle, app: Any) -> None:
        self._under_way = cycle
        super()._start_asgi_task(cycle, app)

    def pause_writing(self) -> None:
        """Wait for a client that does not take what it asked for, but not for ever."""
        super().pause_writing()
        self._delivery.set(DELIVERY_SECONDS)

    def resume_writing(self) -> None:
        """Go on writing."""
        self._delivery.call_off()
        super().resume_writing()

    def data_received(self, data: bytes) -> None:
        """Read on, but not for ever into the same head, nor into what may follow a body in chunks."""
        if self._phase is Phase.IDLE:
            self._enter(Phase.HEAD)
        self._overhead += len(data)
        super().data_received(data)
        if self.transport.is_closing():
            return
        if self._phase in UNFINISHED and self._overhead > HEAD_BYTES:
            self._refuse(431)
            return
        self._set_clock()

    def on_message_begin(self) -> None:
        """Begin to wait for a head: the first, or the next on a connection that was kept."""
        super().on_message_begin()
        if self._phase is not Phase.HEAD:
            self._enter(Phase.HEAD)
            self._overhead = 0

    def on_headers_complete(self) -> None:
        """Take the head, unless something is wrong with it; it may be too large although it came in one piece."""
        self._overhead = 0
        if fault := fault_of(self.url, self.headers, self.parser.get_http_version()):
            self._head_fault = fault
            # The parser stops at any exception, and comes back through send_400_response.
            raise ValueError("the head is refused")
        if len(self.pipeline) >= MAX_PIPELINED:
            raise ValueError("too many requests wait for their turn")
        super().on_headers_complete()
        # What follows a body in chunks would be taken for headers that came with the head.
        self.headers = []
        self._enter(Phase.BODY)

    def on_body(self, body: bytes) -> None:
        """Take a piece of the body, which is bounded by whoever reads it."""
        self._overhead = 0
        super().on_body(body)

    def on_message_complete(self) -> None:
        """Take the end of the request."""
        super().on_message_complete()
        self._enter(Phase.IDLE if self.cycle.response_complete else Phase.ANSWER)

    def on_response_complete(self) -> None:
        """Wait for the next request, or for the rest of the one that was answered before its end."""
        super().on_response_complete()
        if self.transport.is_closing():
            self._delivery.set(DELIVERY_SECONDS)
        # With requests in the pipeline it is our turn again.
        elif self._phase is Phase.ANSWER and self.cycle.response_complete:
            self._enter(Phase.IDLE)
            self._set_clock()

    def send_400_response(self, msg: str) -> None:  # noqa: ARG002  # uvicorn's words are not ours
        """Answer what the parser refused, after the requests before it, for nobody knows where the next one would begin."""
        if self.transport.is_closing():
            return
        if self._phase is Phase.BODY or not self._owes_an_answer():
            self._refuse(self._head_fault)
            return
        self.cycle.keep_alive = False
        self.flow.pause_reading()
        self._enter(Phase.ANSWER)

    def _enter(self, phase: Phase) -> None:
        self._phase, self._has_clock = phase, False

    def _set_clock(self) -> None:
        """Start the clock of the phase we are in; a request that comes in one piece never starts one."""
        if self._has_clock:
            return
        self._leave()
        self._has_clock = True
        if self._phase is Phase.ANSWER:
            return
        self._waiting[self] = self.loop.time()
        if self._phase is Phase.HEAD:
            self._arrival.set(HEAD_SECONDS)
        elif self._phase is Phase.BODY:
            self._arrival.set(BODY_SECONDS)
        elif self.timeout_keep_alive_task is None:  # the rest of a body that came after its answer took it away
            self._arrival.set(self.timeout_keep_alive)

    def _leave(self) -> None:
        self._waiting.pop(self, None)
        self._arrival.call_off()

    def _abort(self) -> None:
        self.transport.abort()

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
        words = refusal(status)
        if self._may_answer():
            self.transport.write(words)
        self.transport.close()
        self._delivery.set(DELIVERY_SECONDS)

    def _may_answer(self) -> bool:
        """Say whether a request is open that nothing has been answered to; else our words would be taken for another answer."""
        if self._phase is Phase.HEAD:
            return not self._owes_an_answer()
        return self._phase is Phase.BODY and not self.cycle.response_started and not self.pipeline

    def _owes_an_answer(self) -> bool:
        if self.cycle is None:
            return False
        return not self.cycle.response_complete


_WAITING: WeakKeyDictionary[ServerState, dict[BoundedProtocol, float]] = WeakKeyDictionary()
