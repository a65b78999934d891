"""Event -> JetStream: each caller is answered by the PubAck of the group that its event was committed with, or Unavailable.

With ``sync_interval: always`` a publish costs an fsync, so concurrent events share one: while a group is being committed, the
events that arrive gather into the next, which goes out as one atomic batch (ADR-50 of nats-architecture-and-design). A lone
event goes out at once, as an ordinary publish.
"""

import asyncio
import contextlib
import itertools
import logging
import secrets
from types import TracebackType
from typing import Self

import nats.errors
from nats.aio.client import Client
from nats.aio.msg import Msg

from collector.outcomes import Stored, Unavailable, UnavailableReason
from collector.stream.connection import Listener
from collector.stream.groups import Groups
from collector.stream.parcel import Parcel, wrap
from collector.upkeep import owned
from contracts.events import Fact
from contracts.jetstream import NO_ROOM_ON_SERVER, STREAM_IS_FULL, JetStreamError, read_answer

log = logging.getLogger(__name__)

WAITING_EVENTS = 5_000  # what the processor's caches hold: with four times as many, a fifth less is stored
DEADLINE_SECONDS = 1.5  # an answer within two, whatever happens
WAITING_SECONDS = 1.0  # of which this much may pass before it is sent
SWEEP_SECONDS = 0.1

FULL = frozenset({NO_ROOM_ON_SERVER, STREAM_IS_FULL})
FULL_RETRY_SECONDS = 60


class Publisher:
    """Commits events in groups over one connection; ``submit`` never waits, the future that it returns does."""

    def __init__(self, client: Client, *, on_refusal: Listener = lambda: None) -> None:
        self._client = client
        self._on_refusal = on_refusal
        self._inbox = client.new_inbox()
        self._run_id = secrets.token_hex(8)
        self._numbers = itertools.count(1)
        self._groups = Groups()
        self._wake = asyncio.Event()
        self._held: UnavailableReason | None = None
        self._loop = asyncio.get_running_loop()
        self._work = contextlib.AsyncExitStack()

    async def __aenter__(self) -> Self:
        self._work.callback(self._fail_everything, UnavailableReason.DRAINING)
        await self._work.enter_async_context(owned(self._send_for_ever(), self._sweep_for_ever()))
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, raised: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.hold(UnavailableReason.DRAINING)
        await self._work.__aexit__(kind, raised, traceback)

    def submit(self, event: Fact) -> "asyncio.Future[Stored]":
        """Send *event* with the next group; the future ends in Stored, or in Unavailable within two seconds."""
        self.refuse_while_closed()
        parcel = wrap(event, deadline=self._loop.time() + DEADLINE_SECONDS, told=self._loop.create_future())
        self._groups.add(parcel)
        self._wake.set()
        return parcel.told

    def refuse_while_closed(self) -> None:
        """Raise Unavailable when an event could not be sent now: fail fast, before there is anything to buffer."""
        if not self._client.is_connected:
            raise Unavailable(UnavailableReason.STREAM_DISCONNECTED)
        if self._held is not None:
            raise Unavailable(self._held)

    def refuse_while_behind(self) -> None:
        """Raise Unavailable when whoever comes now would wait too long: as long as the first of those who wait has already.

        For the door: a batch that is in is sent whole, else it would be read for nothing.
        """
        first = self._groups.first
        if first is None:
            return
        latest = self._loop.time() + DEADLINE_SECONDS - WAITING_SECONDS
        if first.deadline < latest or len(self._groups) >= WAITING_EVENTS:
            raise Unavailable(UnavailableReason.OVERLOADED, retry_after=1)

    def hold(self, reason: UnavailableReason) -> None:
        """Take no more events until ``resume``."""
        self._held = reason

    def resume(self) -> None:
        """Take events again."""
        self._held = None

    def lose(self) -> None:
        """Tell everybody who waits that the connection broke: what was sent may or may not be stored."""
        self._fail_everything(UnavailableReason.STREAM_DISCONNECTED)

    async def drain(self, seconds: float) -> None:
        """Wait until every event has its answer, for at most *seconds*."""
        if answers := [parcel.told for parcel in self._groups]:
            await asyncio.wait(answers, timeout=seconds)

    async def _send_for_ever(self) -> None:
        subscribed = False
        while True:
            await self._wake.wait()
            self._wake.clear()
            try:
                if not subscribed:
                    await self._client.subscribe(f"{self._inbox}.*", cb=self._answered)
                    subscribed = True
                while group := self._groups.depart(name := f"{self._run_id}{next(self._numbers):x}", self._loop.time()):
                    await self._send(name, group)
            except (nats.errors.Error, OSError) as error:
                log.warning("publishing failed", extra={"error": type(error).__name__})
                self._fail_everything(UnavailableReason.STREAM_DISCONNECTED)

    async def _send(self, name: str, group: list[Parcel]) -> None:
        *others, last = group
        reply = f"{self._inbox}.{name}"
        if not others:
            await self._client.publish(last.subject, last.body, reply=reply, headers={"Nats-Msg-Id": last.message_id})
            return
        for number, parcel in enumerate(others, start=1):
            headers = {"Nats-Msg-Id": parcel.message_id, "Nats-Batch-Id": name, "Nats-Batch-Sequence": str(number)}
            await self._client.publish(parcel.subject, parcel.body, headers=headers)
        headers = {"Nats-Msg-Id": last.message_id, "Nats-Batch-Id": name, "Nats-Batch-Sequence": str(len(group))}
        await self._client.publish(last.subject, last.body, reply=reply, headers=headers | {"Nats-Batch-Commit": "1"})

    async def _answered(self, message: Msg) -> None:
        group = self._groups.arrive(message.subject.rpartition(".")[2])
        self._wake.set()
        if not group:
            return  # its callers were told "unknown" already; they come back with the same id
        try:
            answer = read_answer(message.data)
        except JetStreamError as error:
            self._refused(group, error)
            return
        # First the next group goes out, which takes the sender's turn and nats-py's: the stream works while we answer.
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        for parcel in group:
            parcel.store(duplicate=answer.duplicate)

    def _refused(self, group: list[Parcel], error: JetStreamError) -> None:
        if error.err_code in FULL:
            for parcel in group:
                parcel.fail(UnavailableReason.STREAM_FULL, retry_after=FULL_RETRY_SECONDS)
        elif len(group) > 1:
            # One repeated id refuses the whole batch, so each goes again alone and learns its own answer.
            self._groups.separate(group)
        else:
            log.warning("the stream refused an event", extra={"err_code": error.err_code})
            group[0].fail(UnavailableReason.STREAM_REFUSED)
            self._on_refusal()

    async def _sweep_for_ever(self) -> None:
        while True:
            await asyncio.sleep(SWEEP_SECONDS)
            for parcel in self._groups.overdue(self._loop.time()):
                parcel.fail(UnavailableReason.STREAM_TIMEOUT)
            self._wake.set()

    def _fail_everything(self, reason: UnavailableReason) -> None:
        for parcel in self._groups.clear():
            parcel.fail(reason)
