"""Teller: tells this run's tally to a stream of its own, every few seconds and once more at the end; nobody waits for it."""

import asyncio
import contextlib
import logging
from collections.abc import Callable
from datetime import datetime
from types import TracebackType
from typing import Self

from msgspec import structs
from nats.errors import NoRespondersError

from collector import __version__
from collector.signs import Signs
from collector.stream.connection import REQUEST_SECONDS, UNREACHABLE, Connection, ask
from collector.tally import Tally
from collector.upkeep import ended_all
from contracts.jetstream import STREAM_NOT_FOUND, JetStreamError, read_answer
from contracts.tallies import TALLY_CODEC, TALLY_STREAM, TELL_SECONDS, TallyHead, TallyPart, TallySigns, tally_settings

log = logging.getLogger(__name__)

LAST_SECONDS = 1.0
_LOOK_SECONDS = 1.0  # until this run is known: one that is killed before leaves no trace


class Teller:
    """Runs beside the publisher, over the same connection and never in its lanes; facts go before, and readiness knows nothing.

    What could not be told is told at the next round, for the counts are cumulative. The stream is made with the first hit that
    is counted: until then nothing would be missed.
    """

    def __init__(self, client: Connection, tally: Tally, *, clock: Callable[[], datetime], replicas: int) -> None:
        self._client = client
        self.tally = tally
        self.signs = Signs(tally.run)
        self._clock = clock
        self._settings = tally_settings(replicas=replicas)
        self._started_at = clock()
        self._seq = 0
        self._is_looked_at = False
        self._is_known = False
        self._has_ended = False
        self._trouble = ""
        self._telling = asyncio.Lock()
        self._work: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Self:
        # A task of its own: a defect in here ends the telling, which then shows as a gap, and no hit.
        self._work = asyncio.create_task(self._tell_for_ever(), name="tally")
        self._work.add_done_callback(_say_defect)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, raised: BaseException | None, traceback: TracebackType | None
    ) -> None:
        if self._work is None or self._work.done():
            return
        await ended_all([self._work])
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(LAST_SECONDS):
                self._has_ended = True
                await self.tell()

    async def tell(self) -> None:
        """Tell what has changed, and that this run is there, or has ended; what fails is tried again at the next round."""
        if not self._client.is_connected:
            return
        async with self._telling:
            try:
                await self._tell()
            except JetStreamError as refused:
                self._say(f"JetStream refuses it (error {refused.err_code})")
            except UNREACHABLE as error:
                self._say(f"JetStream does not answer ({type(error).__name__})")
            else:
                self._trouble = ""

    async def _tell(self) -> None:
        if not self._is_looked_at and not await self._look():
            return
        if not self._is_known:  # so that no part is there without its head
            await self._store(self._head(self._started_at))
            self._is_known = True
        now = self._clock()  # what is counted from here on may not be among the changes
        for part in self.tally.changes():
            await self._store(part)
            self.tally.confirm(part)
        for signs in self.signs.changes():
            await self._store(signs)
            self.signs.confirm(signs)
        await self._store(structs.replace(self._head(now), ended=self._has_ended))
        self.tally.forget(now)
        self.signs.forget(now)

    def _head(self, told_at: datetime) -> TallyHead:
        return TallyHead(run=self.tally.run, version=__version__, started_at=self._started_at, told_at=told_at)

    async def _store(self, document: TallyPart | TallyHead | TallySigns) -> None:
        headers = {"Nats-Expected-Stream": TALLY_STREAM.name}
        body = TALLY_CODEC.encode(document)
        try:
            answer = await self._client.request(document.subject, body, timeout=REQUEST_SECONDS, headers=headers)
        except NoRespondersError:
            self._is_looked_at = False  # somebody has moved it away
            raise
        seq = read_answer(answer.data).seq
        if seq <= self._seq:  # another run has made the stream again
            self._retell()
        self._seq = seq

    async def _look(self) -> bool:
        """See to it that the stream is there, as we want it where that is ours to say; return False while it need not be."""
        try:
            actual = (await ask(self._client, f"STREAM.INFO.{TALLY_STREAM.name}")).config
        except JetStreamError as error:
            if error.err_code != STREAM_NOT_FOUND:
                raise
            if not (self.tally.has_counted or self.signs.has_seen):
                return False
            await ask(self._client, f"STREAM.CREATE.{TALLY_STREAM.name}", self._settings)
            self._retell()
            self._is_known, self._seq = False, 0
            log.info("stream created", extra={"stream": TALLY_STREAM.name})
        else:
            await self._keep(actual)
        self._is_looked_at = True
        return True

    def _retell(self) -> None:
        self.tally.retell()
        self.signs.retell()

    async def _keep(self, actual: dict[str, object]) -> None:
        if all(actual.get(name) == value for name, value in self._settings.items() if name != "max_msgs"):
            return
        try:
            await ask(self._client, f"STREAM.UPDATE.{TALLY_STREAM.name}", actual | self._settings)
        except JetStreamError as refused:
            # It is told there all the same: what reads it needs no setting of it.
            log.warning("the stream keeps its settings", extra={"stream": TALLY_STREAM.name, "err_code": refused.err_code})

    def _say(self, trouble: str) -> None:
        if trouble != self._trouble:  # once, not at every round
            log.warning("what was not stored cannot be told: %s; it is kept, and told later", trouble)
        self._trouble = trouble

    async def _tell_for_ever(self) -> None:
        while True:
            await self.tell()
            await asyncio.sleep(TELL_SECONDS if self._is_known else _LOOK_SECONDS)


def _say_defect(work: "asyncio.Task[None]") -> None:
    if not work.cancelled() and (defect := work.exception()) is not None:
        log.error("the tally is told no more", exc_info=defect)
