"""Event -> JetStream: each caller is answered by the PubAck of the group that its event was committed with, or Unavailable.

With ``sync_interval: always`` a publish costs an fsync, so concurrent events share one: while a group is being committed, the
events that arrive gather into the next, which goes out as one atomic batch (ADR-50 of nats-architecture-and-design). A lone
event goes out at once, as an ordinary publish. Each stream has a lane of its own, and a group never mixes two.
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
from collector.stream.lane import DEADLINE_SECONDS, Lane
from collector.stream.parcel import Parcel, wrap
from collector.stream.streams import Streams
from collector.upkeep import running_beside
from contracts.codec import CODEC, Codec
from contracts.events import Fact
from contracts.jetstream import NO_ROOM_ON_SERVER, STREAM_IS_FULL, JetStreamError, read_answer
from contracts.streams import EventStream

log = logging.getLogger(__name__)

SWEEP_SECONDS = 0.1
_SITES_AT_HAND = 4096

FULL = frozenset({NO_ROOM_ON_SERVER, STREAM_IS_FULL})
FULL_RETRY_SECONDS = 60
FULL_ADVICE = {
    STREAM_IS_FULL: "raise COLLECTOR_STREAM_MAX_BYTES, below what JetStream may use and what the disk has",
    NO_ROOM_ON_SERVER: "give JetStream's max_file_store and the disk room for COLLECTOR_STREAM_MAX_BYTES",
}


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
            running_beside(self._send_for_ever(), self._open_for_ever(), self._sweep_for_ever())
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
        lane.groups.add(wrap(event, codec=self._codec, deadline=self._loop.time() + DEADLINE_SECONDS, outcome=outcome))
        (self._wake if lane.is_open else self._unopened).set()
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
            if lane.groups.first is None or not lane.is_late(self._loop.time()):
                return
        if self._lanes:
            raise Unavailable(UnavailableReason.OVERLOADED, retry_after=1)

    def open(self, stream: EventStream) -> None:
        """Send to *stream* without looking at it first: somebody else just has, and it is as it must be."""
        lane = self._lane(stream)
        lane.is_open, lane.is_unmade, lane.held = True, False, None
        self._wake.set()

    def unmade(self) -> list[EventStream]:
        """Return the streams that have facts to come and could not be made."""
        return [lane.stream for lane in self._lanes.values() if lane.is_unmade]

    def hold(self, reason: UnavailableReason, stream: EventStream | None = None) -> None:
        """Take no more events, or none for *stream*, until ``resume`` or ``open``."""
        if stream is None:
            self._held = reason
            return
        lane = self._lane(stream)
        lane.is_open, lane.held = False, reason
        lane.fail_everything(reason)

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
        if answers := [parcel.outcome for lane in self._lanes.values() for parcel in lane.groups]:
            await asyncio.wait(answers, timeout=seconds)

    def _find_lane(self, family: str, tenant: str, site: str) -> Lane:
        return self._lane(self._streams.of(family, tenant, site))

    def _lane(self, stream: EventStream) -> Lane:
        lane = self._lanes.get(stream)
        if lane is None:
            lane = self._lanes[stream] = Lane(stream, len(self._lanes))
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
                for lane in tuple(self._lanes.values()):
                    await self._send_groups(lane)
            except (nats.errors.Error, OSError) as error:
                log.warning("publishing failed", extra={"error": type(error).__name__})
                self._fail_everything(UnavailableReason.STREAM_DISCONNECTED)

    async def _send_groups(self, lane: Lane) -> None:
        while lane.is_open:
            name = f"{self._run_id}{self._departed:x}"
            group = lane.groups.depart(name, self._loop.time())
            if not group:
                return
            self._departed += 1
            await self._send(f"{self._inbox}.{lane.number}.{name}", name, group)

    async def _send(self, reply: str, name: str, group: list[Parcel]) -> None:
        *others, last = group
        if not others:
            await self._client.publish(last.subject, last.body, reply=reply, headers={"Nats-Msg-Id": last.message_id})
            return
        for number, parcel in enumerate(others, start=1):
            headers = {"Nats-Msg-Id": parcel.message_id, "Nats-Batch-Id": name, "Nats-Batch-Sequence": str(number)}
            await self._client.publish(parcel.subject, parcel.body, headers=headers)
        headers = {"Nats-Msg-Id": last.message_id, "Nats-Batch-Id": name, "Nats-Batch-Sequence": str(len(group))}
        await self._client.publish(last.subject, last.body, reply=reply, headers=headers | {"Nats-Batch-Commit": "1"})

    async def _open_for_ever(self) -> None:
        """See to each stream whose first fact waits: it is made with it, and looked at again after a refusal."""
        while True:
            await self._unopened.wait()
            self._unopened.clear()
            for lane in tuple(self._lanes.values()):
                if not lane.is_open and any(True for _ in lane.groups):
                    await self._open(lane)

    async def _open(self, lane: Lane) -> None:
        losses = self._losses
        try:
            await self._streams.make(lane.stream)
        except StreamDrifted as drifted:
            log.error("the stream refuses: %s", drifted)  # noqa: TRY400  # it is no defect of ours, and needs no place
            lane.fail_everything(UnavailableReason.STREAM_REFUSED)
            self._on_refusal()
        except JetStreamError as error:
            self._refused_to_make(lane, error)
        except UNREACHABLE:
            lane.fail_everything(UnavailableReason.STREAM_TIMEOUT)
        else:
            lane.is_open = losses == self._losses  # else what was looked at may be gone
            lane.is_unmade = False
            (self._wake if lane.is_open else self._unopened).set()

    async def _answered(self, message: Msg) -> None:
        _, number, name = message.subject.rsplit(".", 2)
        lane = next(lane for lane in self._lanes.values() if lane.number == int(number))
        group = lane.groups.arrive(name)
        self._wake.set()
        if not group:
            return  # its callers were told "unknown" already; they come back with the same id
        try:
            answer = read_answer(message.data)
        except JetStreamError as error:
            self._refused(lane, group, error)
            return
        lane.is_full = False
        # First the next group goes out, which takes the sender's turn and nats-py's: the stream works while we answer.
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        for parcel in group:
            parcel.store(duplicate=answer.duplicate)

    def _refused(self, lane: Lane, group: list[Parcel], error: JetStreamError) -> None:
        if error.err_code in FULL:
            self._say_full(lane, error)
            for parcel in group:
                parcel.fail(UnavailableReason.STREAM_FULL, retry_after=FULL_RETRY_SECONDS)
        elif len(group) > 1:
            # One repeated id refuses the whole batch, so each goes again alone and learns its own answer.
            lane.groups.separate(group)
        else:
            log.warning("the stream refused an event", extra={"err_code": error.err_code, "stream": lane.stream.name})
            group[0].fail(UnavailableReason.STREAM_REFUSED)
            lane.is_open = False
            self._unopened.set()
            self._on_refusal()

    def _refused_to_make(self, lane: Lane, error: JetStreamError) -> None:
        lane.is_unmade = True
        self._on_refusal()
        if error.err_code in FULL:
            self._say_full(lane, error)
            lane.fail_everything(UnavailableReason.STREAM_FULL, retry_after=FULL_RETRY_SECONDS)
            return
        log.warning("the stream could not be made", extra={"err_code": error.err_code, "stream": lane.stream.name})
        lane.fail_everything(UnavailableReason.STREAM_REFUSED)

    def _say_full(self, lane: Lane, error: JetStreamError) -> None:
        if not lane.is_full:  # once, not for each of thousands
            do = FULL_ADVICE[error.err_code]
            log.error("stream %s takes no more events (error %d): %s", lane.stream.name, error.err_code, do)
        lane.is_full = True

    async def _sweep_for_ever(self) -> None:
        while True:
            await asyncio.sleep(SWEEP_SECONDS)
            for lane in self._lanes.values():
                for parcel in lane.groups.overdue(self._loop.time()):
                    parcel.fail(UnavailableReason.STREAM_TIMEOUT)
            self._wake.set()

    def _fail_everything(self, reason: UnavailableReason) -> None:
        for lane in self._lanes.values():
            lane.fail_everything(reason)
