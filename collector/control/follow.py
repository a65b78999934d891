"""Follower: reads the stream of control events into the directory, on ingest's own loop, whatever befalls the stream."""

import asyncio
import contextlib
import logging
from collections.abc import Callable, Iterable, Mapping
from typing import Final, cast

from msgspec import structs

from collector.control.directory import Directory
from collector.control.losing import are_lost
from collector.control.reading import message_id_at
from collector.control.things import KINDS, Things
from collector.outcomes import UnavailableReason
from collector.readiness import Note
from collector.stream.connection import UNREACHABLE, Connection, ask
from collector.stream.reading import Interrupted, Message, Reading
from collector.upkeep import running_beside
from contracts.codec import NewerVersion, Undecodable, UnknownType
from contracts.control import CONTROL_CODEC
from contracts.control.envelope import ControlEvent
from contracts.control.loss import IS_ANOTHER, IS_GONE, IS_MISSING, WHAT_TO_DO, Place, acceptance_in
from contracts.control.sites import Site
from contracts.control.stream import CONTROL_STREAM, subject_of, thing_of
from contracts.jetstream import STREAM_NOT_FOUND, ApiAnswer, JetStreamError

log = logging.getLogger(__name__)

# The first event makes the stream, so who looks for it sees whatever is decided within as long.
LOOK_SECONDS: Final = 0.5
CATCH_UP_SECONDS: Final = 60.0
_NAMED_MOST = 5
UPGRADE: Final = "upgrade this program to the version that wrote it"
LOOK_AT_IT: Final = (
    f"look at it with `nats stream get {CONTROL_STREAM.name} SEQUENCE`, find out what wrote it, and decide again what it "
    "should have said"
)


class Follower:
    """Keeps *directory* level with the stream, and calls ``heard`` when it has changed; ``watch`` never ends."""

    def __init__(self, client: Connection, directory: Directory, heard: Callable[[], None] = lambda: None) -> None:
        self.directory = directory
        self._client = client
        self._heard = heard
        self._things = Things()
        self._place = Place()
        self._acceptance = ""
        self._loss = ""
        self._wanted = 0
        self._reading: Reading | None = None
        self._unreadable: dict[int, str] = {}
        self._is_settled = asyncio.Event()

    @property
    def seq(self) -> int:
        """Return the sequence of the event that was read last."""
        return self._place.seq

    def interrupt(self) -> None:
        """Read on with a new question as soon as there is a connection: the one that there was broke."""
        if self._reading is not None:
            self._reading.interrupt()

    @property
    def loss(self) -> str:
        """Return what was lost and what to do, "" where nothing was."""
        return f"{self._loss}; {WHAT_TO_DO}" if self._loss else ""

    def problem(self) -> str:
        """Return why nobody can be told from a stranger yet, a note on what cannot be read, or "" when all is well."""
        if not self.directory.is_ready:
            if self.loss:
                return self.loss
            if self._wanted:
                return f"has read {self.seq:,} of {self._wanted:,} events; wait"
            return "has not been read yet"
        if self.loss:
            return Note(self.loss)
        if not self._unreadable:
            return ""
        named = ", ".join(str(seq) for seq in sorted(self._unreadable)[:_NAMED_MOST])
        advice = "; ".join(dict.fromkeys(self._unreadable.values()))
        return Note(f"cannot read {len(self._unreadable):,} event(s), at {named}, which decide nothing here; {advice}")

    def erasing(self) -> Mapping[str, Site]:
        """Return the sites whose facts are to be erased, by id."""
        return self.directory.things.erasing

    async def be_level(self) -> None:
        """Return once everything has been read, which ``watch`` does, or is lost; at once without a connection to read over."""
        if self._client.is_connected:
            await self._is_settled.wait()

    async def catch_up(self) -> None:
        """Read everything that there is, for a command that asks once; the directory is not ready where that takes too long.

        ``collected_sites`` of the directory are then the sites that an ingest process would take events for.
        """
        async with running_beside(self.watch()):
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(CATCH_UP_SECONDS):
                    await self._is_settled.wait()

    async def watch(self) -> None:
        """Follow the stream for ever."""
        while True:
            await self.look()
            await asyncio.sleep(LOOK_SECONDS)

    async def look(self) -> None:
        """Follow the stream until something breaks, or return at once where there is none."""
        if not self._client.is_connected:
            return
        try:
            stream = await self._stream()
            if not self.directory.is_ready and await are_lost(self._client, stream):
                self._lose(IS_MISSING)
            elif stream is None:
                self._do_without()
            else:
                await self._follow(stream)
        except (JetStreamError, Interrupted, *UNREACHABLE) as error:
            log.debug("the control events are not followed now", extra={"error": type(error).__name__})

    async def _stream(self) -> ApiAnswer | None:
        try:
            return await ask(self._client, f"STREAM.INFO.{CONTROL_STREAM.name}")
        except JetStreamError as error:
            if error.err_code != STREAM_NOT_FOUND:
                raise
            return None

    def _do_without(self) -> None:
        """Be level with nothing; but where there was a stream, what it said still holds."""
        if self._place.created is None:
            self._loss = ""
            self._be_level()
        else:
            self._lose(IS_GONE)

    def _lose(self, loss: str) -> None:
        if loss != self._loss:  # once, not at every look
            log.error("%s; %s", loss, WHAT_TO_DO)
        self._loss = loss
        self._is_settled.set()

    async def _follow(self, stream: ApiAnswer) -> None:
        if not await self._goes_on(stream):
            if self._holds_more_than_is_accepted(stream):
                self._lose(IS_ANOTHER)
                return
            self._begin_again(stream)
        self._loss = ""
        self._wanted = stream.state.last_seq
        if not self.directory.is_ready:
            self.directory.absence = UnavailableReason.DIRECTORY
        async with Reading(self._client, CONTROL_STREAM.name, after=self.seq) as self._reading:
            while True:
                if self.seq >= self._wanted:
                    self._be_level()
                batch = await self._reading.next_batch()
                if batch:
                    self._take(batch)
                    self._heard()
                await asyncio.sleep(0)  # others have their turn while there is much to read

    async def _goes_on(self, stream: ApiAnswer) -> bool:
        """Say whether *stream* is the one that was read, and holds what was read last where it stood."""
        place = self._place
        if not place.may_go_on(created=stream.created, last_seq=stream.state.last_seq):
            return False
        return not place.seq or await message_id_at(self._client, CONTROL_STREAM, place.seq) == place.message_id

    def _holds_more_than_is_accepted(self, stream: ApiAnswer) -> bool:
        is_accepted = acceptance_in(stream.config) not in ("", self._acceptance)
        return self.directory.is_ready and self.seq > 0 and not is_accepted

    def _begin_again(self, stream: ApiAnswer) -> None:
        """Read from the first event on; until that is done the directory serves what it has."""
        if self._place.created is not None:
            log.warning("the stream %s was made again; it is read from its beginning", CONTROL_STREAM.name)
        self._things, self._place, self._unreadable = Things(), Place(created=stream.created), {}
        self._acceptance = acceptance_in(stream.config)

    def _be_level(self) -> None:
        if self.directory.things is not self._things or not self.directory.is_ready:
            self.directory.become(self._things)
            self._heard()
            self._is_settled.set()

    def _take(self, messages: Iterable[Message]) -> None:
        for message in messages:
            kind = message.subject.split(".", 2)[1]
            if kind in KINDS:
                self._fold(message)
            self._place = structs.replace(self._place, seq=message.seq, message_id=message.id)

    def _fold(self, message: Message) -> None:
        try:
            event = cast("ControlEvent", CONTROL_CODEC.decode(message.body))
        except NewerVersion:
            return self._pass_over(message, UPGRADE)
        except (Undecodable, UnknownType):
            return self._pass_over(message, LOOK_AT_IT)
        if message.subject != subject_of(event.originator_id, event.originator_version):
            return self._pass_over(message, LOOK_AT_IT)
        return self._things.apply(event)

    def _pass_over(self, message: Message, advice: str) -> None:
        self._unreadable[message.seq] = advice
        log.error("the control event at %s cannot be read, and decides nothing here: %s", message.seq, advice)
        try:
            self._things.pass_over(*thing_of(message.subject))
        except ValueError:  # a subject of somebody else's
            return
