"""Event -> JetStream: each caller is answered by the PubAck of the group that its event was committed with, or Unavailable.

With ``sync_interval: always`` a publish costs an fsync, so concurrent events share one: while a group is being committed, the
events that arrive gather into the next, which goes out as one atomic batch (ADR-50 of nats-architecture-and-design). A lone
event goes out at once, as an ordinary publish, and so does each where the stream has replicas (see groups.py). Each stream has
a lane of its own, and a group never mixes two.
"""

import asyncio
import base64
import contextlib
import functools
import logging
import secrets
from types import TracebackType
from typing import Self

import nats.errors
from nats.aio.msg import Msg

from collector.outcomes import Stored, Unavailable, UnavailableReason
from collector.stream.connection import UNREACHABLE, Connection, Listener, StreamDrifted
from collector.stream.doubts import Doubts
from collector.stream.lane import DEADLINE_SECONDS, FULL_ADVICE, FULL_RETRY_SECONDS, Lane
from collector.stream.lately import Lately
from collector.stream.lookback import settle_doubts
from collector.stream.parcel import Parcel, wrap
from collector.stream.sending import send_group, send_question
from collector.stream.streams import Streams
from collector.upkeep import running_beside
from contracts.codec import CODEC, Codec
from contracts.events import Fact
from contracts.jetstream import WRONG_LAST_MESSAGE_ID, JetStreamError, read_answer
from contracts.streams import EventStream

log = logging.getLogger(__name__)

SWEEP_SECONDS, LOOK_BACK_SECONDS = 0.1, 1.0
_SITES_AT_HAND = 4096
_QUESTION = "?"  # what the name of a question begins with, and that of no group


class Publisher:
    """Commits events in groups over one connection; ``submit`` never waits, the future that it returns does."""

    def __init__(
        self, client: Connection, streams: Streams, *, codec: Codec = CODEC, on_refusal: Listener = lambda: None
    ) -> None:
        self._client = client
        self._streams = streams
        self._codec = codec
        self._on_refusal = on_refusal
        self._inbox = client.new_inbox()
        # In every stored message of a group, so it is short; 32 bits keep the few who publish at one time apart.
        self._run_id = base64.urlsafe_b64encode(secrets.token_bytes(4)).decode().rstrip("=")
        self._departed = 0
        self._lanes: dict[EventStream, Lane] = {}
        self._lately = Lately()
        self._lane_for = functools.lru_cache(maxsize=_SITES_AT_HAND)(self._find_lane)
        self._wake = asyncio.Event()
        self._unopened = asyncio.Event()
        self._held: UnavailableReason | None = None
        self._losses = 0
        self._loop = asyncio.get_running_loop()
        self._work = contextlib.AsyncExitStack()

    async def __aenter__(self) -> Self:
        self._work.callback(self._fail_everything, UnavailableReason.DRAINING)
        await self._work.enter_async_context(
            running_beside(self._send_for_ever(), self._open_for_ever(), self._sweep_for_ever(), self._look_back_for_ever())
        )
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, raised: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.hold(UnavailableReason.DRAINING)
        await self._work.__aexit__(kind, raised, traceback)

    def submit(self, event: Fact) -> "asyncio.Future[Stored]":
        """Send *event* with its stream's next group; the future ends in Stored, or in Unavailable within two seconds."""
        self.refuse_while_closed()
        lane = self._lane_for(event.family, event.tenant, event.site)
        lane.refuse_while_closed()
        outcome: asyncio.Future[Stored] = self._loop.create_future()
        now = self._loop.time()
        lane.take(wrap(event, codec=self._codec, deadline=now + DEADLINE_SECONDS, outcome=outcome), now)
        if not lane.is_open:
            self._unopened.set()
        elif lane.has_news():  # else the answer that makes room wakes the sender
            self._wake.set()
        return outcome

    def refuse_while_closed(self) -> None:
        """Raise Unavailable when an event could not be sent now: fail fast, before there is anything to buffer."""
        if not self._client.is_connected:
            raise Unavailable(UnavailableReason.STREAM_DISCONNECTED)
        if self._held is not None:
            raise Unavailable(self._held)

    def refuse_while_late(self) -> None:
        """Raise Unavailable when whoever comes now would wait too long, whichever stream it is for.

        For the door, where nobody knows yet what a request holds: a batch that is in is sent whole, else it would be read for
        nothing. While one stream is late and another is not, the late one refuses its own facts.
        """
        for lane in self._lanes.values():
            if not lane.is_late(self._loop.time()):
                return
        if self._lanes:
            raise Unavailable(UnavailableReason.OVERLOADED, retry_after=1)

    def open(self, stream: EventStream) -> None:
        """Send to *stream* without looking at it first: somebody else just has, and it is as it must be."""
        lane = self._lane(stream)
        lane.go_alone(is_wanted=self._streams.is_replicated(stream))
        lane.open(is_full=self._streams.is_full(stream), now=self._loop.time())
        self._wake.set()

    def lanes(self) -> tuple[Lane, ...]:
        """Return the lane of each stream that facts have come for."""
        return tuple(self._lanes.values())

    def hold(self, reason: UnavailableReason, stream: EventStream | None = None) -> None:
        """Take no more events, or none for *stream*, until ``resume`` or ``open``."""
        if stream is None:
            self._held = reason
            return
        lane = self._lane(stream)
        lane.is_open, lane.held = False, reason
        lane.fail_everything(reason, self._loop.time())

    def resume(self) -> None:
        """Take events again, for every stream; whoever looked at them holds again those that are not as they must be."""
        self._held = None
        for lane in self._lanes.values():
            lane.held = None  # a stream that was moved away is made again with its next fact

    def lose(self) -> None:
        """Tell everybody who waits that the connection broke: what was sent may or may not be stored."""
        self._losses += 1
        self._fail_everything(UnavailableReason.STREAM_DISCONNECTED)
        for lane in self._lanes.values():
            lane.is_open = False  # NATS may come back without the stream

    async def drain(self, seconds: float) -> None:
        """Wait until every event has its answer, for at most *seconds*."""
        if answers := [parcel.outcome for lane in self._lanes.values() for parcel in lane]:
            await asyncio.wait(answers, timeout=seconds)

    def _find_lane(self, family: str, tenant: str, site: str) -> Lane:
        return self._lane(self._streams.of(family, tenant, site))

    def _lane(self, stream: EventStream) -> Lane:
        lane = self._lanes.get(stream)
        if lane is None:
            lane = self._lanes[stream] = Lane(stream, len(self._lanes), lately=self._lately, doubts=Doubts())
            lane.go_alone(is_wanted=self._streams.is_replicated(stream))
        return lane

    async def _send_for_ever(self) -> None:
        subscribed = False
        while True:
            await self._wake.wait()
            self._wake.clear()
            try:
                if not subscribed:
                    await self._client.subscribe(f"{self._inbox}.*.*", cb=self._answered)
                    subscribed = True
                for lane in self.lanes():
                    await self._send_questions(lane)
                    await self._send_groups(lane)
            except (nats.errors.Error, OSError) as error:
                log.warning("publishing failed", extra={"error": type(error).__name__})
                self._fail_everything(UnavailableReason.STREAM_DISCONNECTED)

    async def _send_questions(self, lane: Lane) -> None:
        while lane.may_ask(self._loop.time()):
            name = self._next_name(_QUESTION)
            parcel = lane.next_question(name, self._loop.time())
            if parcel is None:
                return
            await send_question(self._client, parcel, reply=f"{self._inbox}.{lane.number}.{name}")

    async def _send_groups(self, lane: Lane) -> None:
        while lane.may_send_group(now := self._loop.time()):
            name = self._next_name()
            group = lane.groups.depart(name, now)
            await send_group(self._client, group, name=name, reply=f"{self._inbox}.{lane.number}.{name}")

    def _next_name(self, prefix: str = "") -> str:
        self._departed += 1
        return f"{prefix}{self._run_id}{self._departed:x}"

    async def _open_for_ever(self) -> None:
        """See to each stream whose first fact waits: it is made with it, and looked at again after a refusal."""
        while True:
            await self._unopened.wait()
            self._unopened.clear()
            for lane in self.lanes():
                if not lane.is_open and any(True for _ in lane):
                    await self._open(lane)

    async def _open(self, lane: Lane) -> None:
        losses = self._losses
        try:
            await self._streams.make(lane.stream)
        except StreamDrifted as drifted:
            log.error("the stream refuses: %s", drifted)  # noqa: TRY400  # it is no defect of ours, and needs no place
            lane.fail_everything(UnavailableReason.STREAM_REFUSED, self._loop.time())
            self._on_refusal()
        except JetStreamError as error:
            self._refused_to_make(lane, error)
        except UNREACHABLE as error:
            # Whoever waits goes on waiting: it is tried again until they are late.
            log.debug("the stream cannot be looked at", extra={"error": type(error).__name__})
        else:
            lane.go_alone(is_wanted=self._streams.is_replicated(lane.stream))
            lane.is_unmade = False
            if losses == self._losses:  # else what was looked at may be gone
                lane.begin(self._loop.time())
            (self._wake if lane.is_open else self._unopened).set()

    def _refused_to_make(self, lane: Lane, error: JetStreamError) -> None:
        lane.is_unmade = True
        self._on_refusal()
        if error.err_code in FULL_ADVICE:
            lane.say_full(error.err_code, self._loop.time())
            lane.fail_everything(UnavailableReason.STREAM_FULL, self._loop.time(), retry_after=FULL_RETRY_SECONDS)
            return
        log.warning("the stream could not be made", extra={"err_code": error.err_code, "stream": lane.stream.name})
        lane.fail_everything(UnavailableReason.STREAM_REFUSED, self._loop.time())

    async def _answered(self, message: Msg) -> None:
        _, number, name = message.subject.rsplit(".", 2)
        lane = next(lane for lane in self._lanes.values() if lane.number == int(number))
        self._wake.set()
        if name.startswith(_QUESTION):
            self._told(lane, name, message.data)
            return
        group = lane.groups.arrive(name)
        if not group:
            return  # its callers were told "unknown" already; they come back with the same id
        try:
            answer = read_answer(message.data)
        except JetStreamError as error:
            self._refused(lane, group, error)
            return
        lane.full, lane.answered_at = "", self._loop.time()
        # First the next group goes out, which takes the sender's turn and nats-py's: the stream works while we answer.
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        for parcel in group:
            lane.store(parcel, duplicate=answer.duplicate)

    def _told(self, lane: Lane, name: str, payload: bytes) -> None:
        parcel = lane.questions.arrive(name)
        if parcel is None:
            return
        try:
            is_there = read_answer(payload).duplicate
        except JetStreamError as error:
            if error.err_code != WRONG_LAST_MESSAGE_ID:
                self._refused(lane, [parcel], error)
                return
            is_there = False
        lane.tell(parcel, is_there=is_there, now=self._loop.time())

    def _refused(self, lane: Lane, group: list[Parcel], error: JetStreamError) -> None:
        if lane.refuse(group, error, self._loop.time()):
            lane.is_open = False
            self._unopened.set()
            self._on_refusal()

    async def _sweep_for_ever(self) -> None:
        while True:
            await asyncio.sleep(SWEEP_SECONDS)
            now = self._loop.time()
            for lane in self.lanes():
                lane.fail_overdue(now)
                if not lane.is_open:
                    self._unopened.set()
                elif not lane.each_alone:
                    lane.ask_about_doubts(now)
            self._wake.set()

    async def _look_back_for_ever(self) -> None:
        while True:
            await asyncio.sleep(LOOK_BACK_SECONDS)
            for lane in self.lanes():
                if lane.is_open and lane.each_alone:
                    await settle_doubts(self._client, lane, self._loop.time())

    def _fail_everything(self, reason: UnavailableReason) -> None:
        for lane in self.lanes():
            lane.fail_everything(reason, self._loop.time())
