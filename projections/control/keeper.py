"""ControlKeeper: follows the stream of decisions into Postgres as they are made, through either of them being away."""

import asyncio
import logging
from collections.abc import Sequence
from itertools import takewhile
from typing import Self

from sqlalchemy.ext.asyncio import AsyncConnection

from contracts.control import CONTROL_CODEC
from contracts.control.loss import IS_ANOTHER, WHAT_TO_DO, Place
from contracts.control.stream import CONTROL_STREAM
from projections.control.tables import begin_reading, hold_reading, keep, read_reading
from projections.database import advice_for, open_engine
from projections.projector.stopping import finish_within, pause
from projections.stream import Identity, Interrupted, NoStream, Reader, Stream, StreamUnavailable, WaitingIsNoUse
from projections.stream.item import Item, TooNew

LOG = logging.getLogger(__name__)

# How often it is asked whether there is a stream by now, and how often, in quiet times, whether the tables are those we left.
LOOK_SECONDS = 0.5
CHECK_SECONDS = 2.0
LONGEST_DELAY = 10.0
STOP_SECONDS = 2.0
_ATTEMPTS = 20
_PAUSE_SECONDS = 0.1


class _Moved(Exception):
    """The tables are not as we left them: made again, emptied, or further than we are."""


class ControlKeeper:
    """Keeps what has been decided; use it as an async context manager. ``trouble`` is why it cannot now, "" when it can.

    It needs no lease: of two that keep one database each folds only what comes after the position that it holds.
    """

    def __init__(self, *, nats_url: str, database_url: str) -> None:
        self._engine = open_engine(database_url, pool_size=1)
        self._stream = Stream(nats_url, CONTROL_STREAM, CONTROL_CODEC)
        self.trouble = "starting"

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._stream.close()
        await self._engine.dispose()

    async def run(self, stop: asyncio.Event) -> None:
        """Follow the stream until *stop* is set, and come through everything."""
        await finish_within(STOP_SECONDS, stop, self._follow(stop))

    async def catch_up(self) -> None:
        """Fold what has been decided until now; raise StreamUnavailable where that cannot be read."""
        for _ in range(_ATTEMPTS):
            try:
                return await self._catch_up_once()
            except (_Moved, Interrupted):
                await asyncio.sleep(_PAUSE_SECONDS)
        raise StreamUnavailable("the decisions are being read by others, too, and not to their end; try again")

    async def _catch_up_once(self) -> None:
        if (begun := await self._begin()) is None:
            return
        stream, after = begun
        if after >= stream.last_seq:
            return
        async with self._stream.read_after(after) as reader:
            while after < stream.last_seq:
                batch = await reader.next_batch()
                if not batch and (await self._stream.backlog_after(after)).messages == 0:
                    return
                after = await self._keep(stream, after, batch)

    async def _follow(self, stop: asyncio.Event) -> None:
        delay = LOOK_SECONDS
        while not stop.is_set():
            try:
                await self._follow_while_it_lasts(stop)
            except (_Moved, Interrupted):
                delay = LOOK_SECONDS
            except Exception as error:  # noqa: BLE001  # beside the projectors, whom it must not take down; it logs and waits
                self._say(str(error) if isinstance(error, StreamUnavailable) else advice_for(error))
                delay = min(delay * 2, LONGEST_DELAY)
            else:
                delay = LOOK_SECONDS
            await pause(delay, stop)

    async def _follow_while_it_lasts(self, stop: asyncio.Event) -> None:
        begun = await self._begin()
        if begun is None:
            self.trouble = ""
            return
        stream, after = begun
        async with self._stream.read_after(after) as reader:
            await self._read_on(stream, after, reader, stop)

    async def _read_on(self, stream: Identity, after: int, reader: Reader, stop: asyncio.Event) -> None:
        loop = asyncio.get_running_loop()
        checked_at = loop.time()
        while not stop.is_set():
            batch = await reader.next_batch()
            after = await self._keep(stream, after, batch)
            self.trouble = ""
            if batch or loop.time() - checked_at < CHECK_SECONDS:
                continue
            checked_at = loop.time()
            async with self._engine.connect() as connection:
                if _moved(await read_reading(connection), stream, after):
                    raise _Moved

    async def _begin(self) -> tuple[Identity, int] | None:
        """Return which stream there is and how far it is read, or None where nothing was ever decided."""
        await self._stream.connect()
        try:
            stream = await self._stream.identity()
        except NoStream:
            return None  # what was decided in one that is gone holds on
        async with self._engine.connect() as connection:
            known = await read_reading(connection)
        if known is not None and await self._is_of(stream, known):
            return stream, known.seq
        if known is not None and known.seq:
            raise WaitingIsNoUse(f"{IS_ANOTHER}; {WHAT_TO_DO}")
        async with self._engine.begin() as connection:
            if await hold_reading(connection) == known:  # else another keeper has begun meanwhile
                await begin_reading(connection, stream.created, last_seq=stream.last_seq)
                return stream, 0
        raise _Moved

    async def _is_of(self, stream: Identity, known: Place) -> bool:
        if not known.may_go_on(created=stream.created, last_seq=stream.last_seq):
            return False
        return known.seq == 0 or (await self._stream.message_id_at(known.seq) or "") == known.message_id

    async def _keep(self, stream: Identity, after: int, batch: Sequence[Item]) -> int:
        """Fold what of *batch* nobody has folded yet, and return how far the stream is read."""
        readable = list(takewhile(lambda item: not isinstance(item, TooNew), batch))
        if readable:
            async with self._engine.begin() as connection:
                await _keep_new(connection, stream, after, readable)
            after = readable[-1].seq
        if len(readable) < len(batch):
            raise WaitingIsNoUse("a decision is of a newer version; upgrade this program")
        return after

    def _say(self, trouble: str) -> None:
        if trouble != self.trouble:  # once, not at every look
            LOG.warning("the decisions cannot be read", extra={"advice": trouble})
        self.trouble = trouble


async def _keep_new(connection: AsyncConnection, stream: Identity, after: int, readable: Sequence[Item]) -> None:
    held = await hold_reading(connection)
    if held is None or _moved(held, stream, after):
        raise _Moved
    new = [item for item in readable if item.seq > held.seq and not isinstance(item, TooNew)]
    if not new:
        return
    for seq, reason in (await keep(connection, new, last_seq=stream.last_seq)).items():
        LOG.warning("a decision cannot be read, and is left out", extra={"seq": seq, "reason": reason.value, "advice": _DOCTOR})


_DOCTOR = "see what `collector doctor` says of Control in Postgres"


def _moved(held: Place | None, stream: Identity, after: int) -> bool:
    return held is None or held.created != stream.created or held.seq < after
