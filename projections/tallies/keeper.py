"""Keeper: follows the stream of tallies into Postgres, beside the projectors, through either of them being away."""

import asyncio
import logging
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from itertools import takewhile
from typing import Self

from contracts.tallies import TALLY_CODEC, TALLY_STREAM, TallyHead, TallyPart, TallySigns
from projections.database import advice_for, open_engine
from projections.projector.stopping import finish_within, pause
from projections.stream import Identity, NoStream, Stream, StreamUnavailable
from projections.stream.item import Item, Quarantined, Sequenced, TooNew
from projections.tallies.tables import Reading, forget_old, keep, read_reading, write_reading

LOG = logging.getLogger(__name__)

LOOK_SECONDS = 2.0
LONGEST_DELAY = 10.0
STOP_SECONDS = 2.0
# A row that is written at every look would be all that a quiet installation writes.
_NOTE = timedelta(seconds=5)
_FORGET = timedelta(hours=1)


class Keeper:
    """Keeps what every run has told; use it as an async context manager. ``trouble`` is why it cannot now, "" when it can.

    It needs no lease: whoever else keeps the same database writes the same.
    """

    def __init__(self, *, nats_url: str, database_url: str) -> None:
        self._engine = open_engine(database_url, pool_size=1)
        self._stream = Stream(nats_url, TALLY_STREAM, TALLY_CODEC)
        self._forgot_at: datetime | None = None
        self.trouble = "starting"

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._stream.close()
        await self._engine.dispose()

    async def run(self, stop: asyncio.Event, *, clock: Callable[[], datetime]) -> None:
        """Follow the stream until *stop* is set, and come through everything."""
        await finish_within(STOP_SECONDS, stop, self._follow(stop, clock))

    async def _follow(self, stop: asyncio.Event, clock: Callable[[], datetime]) -> None:
        delay = LOOK_SECONDS
        while not stop.is_set():
            try:
                await self.look(clock())
            except Exception as error:  # noqa: BLE001  # beside the projectors, whom it must not take down; it logs and waits
                self._say(str(error) if isinstance(error, StreamUnavailable) else advice_for(error))
                delay = min(delay * 2, LONGEST_DELAY)
            else:
                self.trouble, delay = "", LOOK_SECONDS
            await pause(delay, stop)

    async def look(self, now: datetime) -> None:
        """Read what has been told since the last look."""
        await self._stream.connect()
        try:
            stream = await self._stream.identity()
        except NoStream:
            return  # nobody has told anything yet; what was told to another stream stays known
        async with self._engine.begin() as connection:
            known = await read_reading(connection)
            if self._forgot_at is None or now - self._forgot_at >= _FORGET:
                await forget_old(connection, now)
                self._forgot_at = now
        after = known.seq if known is not None and _is_the_same(stream, known) else 0
        if not await self._read(stream, after):
            return
        if known is None or after != stream.last_seq or now - known.looked_at >= _NOTE:
            async with self._engine.begin() as connection:
                await write_reading(connection, Reading(stream_created=stream.created, seq=stream.last_seq, looked_at=now))

    async def _read(self, stream: Identity, after: int) -> bool:
        """Keep what comes *after*, and return whether that was all that *stream* had when it was asked."""
        if after >= stream.last_seq:
            return True
        async with self._stream.read_after(after) as reader:
            while after < stream.last_seq:
                batch = await reader.next_batch()
                readable = list(takewhile(lambda item: not isinstance(item, TooNew), batch))
                async with self._engine.begin() as connection:
                    await keep(connection, _documents(readable))
                if len(readable) < len(batch):
                    raise StreamUnavailable("a tally is of a newer version; upgrade this program")
                if not batch:
                    # The last of them may have been erased, or the server is slow.
                    return (await self._stream.backlog_after(after)).messages == 0
                after = batch[-1].seq
        return True

    def _say(self, trouble: str) -> None:
        if trouble != self.trouble:  # once, not at every look
            LOG.warning("the tallies cannot be read", extra={"advice": trouble})
        self.trouble = trouble


def _is_the_same(stream: Identity, known: Reading) -> bool:
    return stream.created == known.stream_created and known.seq <= stream.last_seq


def _documents(items: Sequence[Item]) -> list[TallyPart | TallyHead | TallySigns]:
    for item in items:
        if isinstance(item, Quarantined):  # some other program's
            LOG.warning("a tally cannot be read, and is left out", extra={"seq": item.seq, "reason": item.reason.value})
    return [item.event for item in items if isinstance(item, Sequenced)]
