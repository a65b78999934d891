"""Sink: forwards every fact of a stream for ever, from a position of its own; what stands in its way stops it alone."""

import asyncio
import logging
from collections.abc import Iterator, Sequence
from itertools import takewhile
from typing import Self

from msgspec.structs import replace
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from contracts.streams import EventStream
from projections import metrics
from projections.database import POSTGRES_ERRORS, advice_for, open_engine
from projections.forwarding.endpoint import Endpoint, EndpointAway, Verdict
from projections.forwarding.form import delivery_of
from projections.forwarding.places import Place, begin, move, read_places, tell
from projections.projector.positions import Fenced
from projections.projector.stopping import finish_within, pause
from projections.stream import Identity, Interrupted, NoStream, Stream, StreamUnavailable
from projections.stream.item import Item, Sequenced, TooNew

LOG = logging.getLogger(__name__)

NAME = "flowcore"
STANDBY_SECONDS = 1.0
FIRST_DELAY, LONGEST_DELAY = 0.5, 15.0
STOP_SECONDS = 3.0
# What a kill may have to be sent again: the endpoint knows it by its id.
CHUNK = 200
_LEASES = 0x636F6D
_TAKE_LEASE = text("SELECT pg_try_advisory_lock(:leases, :partition)")
_TOO_NEW = "the next event is in a version that this program is too old to read; install a newer one: it goes on from there"


class Sink:
    """Forwards one stream to an endpoint; an async context manager. ``trouble`` is what stands in the way, "" if nothing does.

    It begins with the first fact that the stream holds. Each fact arrives at least once, and by its id once: the position moves
    when the endpoint has it. It shares nothing with the projectors but the servers.
    """

    def __init__(
        self, url: str, secret: str, stream: EventStream, *, nats_url: str, database_url: str, partition: int = 0
    ) -> None:
        self._endpoint = Endpoint(url, secret)
        self._name, self._partition = stream.name, partition
        self._stream = Stream(nats_url, stream)
        self._engine: AsyncEngine = open_engine(database_url, pool_size=2)
        self._delay = FIRST_DELAY
        self.trouble = "starting"

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._endpoint.__aexit__()
        await self._stream.close()
        await self._engine.dispose()

    async def run(self, stop: asyncio.Event) -> None:
        """Forward until *stop* is set, and come through everything."""
        await finish_within(STOP_SECONDS, stop, self._forward(stop))

    async def _forward(self, stop: asyncio.Event) -> None:
        while not stop.is_set():
            try:
                await self._lead(stop)
            except (Fenced, Interrupted) as interruption:
                LOG.info("reading the position again", extra={"sink": NAME, "why": str(interruption)})
                await pause(FIRST_DELAY, stop)
            except Exception as error:  # noqa: BLE001  # beside the projectors, whom it must not take down; it logs and waits
                await self._wait_after(error, stop)

    async def _lead(self, stop: asyncio.Event) -> None:
        async with self._engine.connect() as connection:
            await connection.execution_options(isolation_level="AUTOCOMMIT")
            try:
                if not await connection.scalar(_TAKE_LEASE, {"leases": _LEASES, "partition": self._partition}):
                    self.trouble = ""
                    await pause(STANDBY_SECONDS, stop)
                    return
                await self._stream.connect()
                place = await self._find_place()
                if place is None:
                    self.trouble = ""
                    await pause(STANDBY_SECONDS, stop)
                    return
                metrics.SINK_LAG.labels(NAME).set((await self._stream.backlog_after(place.seq)).messages)
                await self._follow(place, stop)
            finally:
                await connection.invalidate()  # the lock ends with its session

    async def _find_place(self) -> Place | None:
        """Return where to go on, None while there is no stream; what is another stream now is forwarded from its start."""
        try:
            stream = await self._stream.identity()
        except NoStream:
            return None
        async with self._engine.begin() as connection:
            known = {place.stream: place for place in await read_places(connection, NAME)}.get(self._name)
        if known is not None and await self._is_of(known, stream):
            return known
        first = Place(sink=NAME, stream=self._name, partition=self._partition, stream_created=stream.created)
        async with self._engine.begin() as connection:
            await begin(connection, first)
        if known is None:
            return first
        LOG.warning("the stream is another one: all of it is forwarded again", extra={"sink": NAME})
        return replace(first, forwarded=known.forwarded, refused=known.refused, skipped=known.skipped)

    async def _is_of(self, place: Place, stream: Identity) -> bool:
        if stream.created != place.stream_created or stream.last_seq < place.seq:
            return False
        there = await self._stream.message_id_at(place.seq) if place.seq else None
        return there is None or there == place.message_id

    async def _follow(self, place: Place, stop: asyncio.Event) -> None:
        async with self._stream.read_after(place.seq) as reader:
            while not stop.is_set():
                batch = await reader.next_batch()
                readable = list(takewhile(lambda item: not isinstance(item, TooNew), batch))
                for chunk in _chunks(readable):
                    place = await self._send(place, chunk)
                if len(readable) < len(batch):
                    raise StreamUnavailable(_TOO_NEW)
                if not batch:
                    await self._at_rest()

    async def _send(self, old: Place, chunk: Sequence[Item]) -> Place:
        """Post *chunk*, and only then move the position behind it."""
        facts = [item for item in chunk if isinstance(item, Sequenced)]
        written = [(item, delivery) for item in facts if (delivery := delivery_of(item.event)) is not None]
        verdicts = await self._endpoint.post([delivery for _, delivery in written])
        refused = [item for (item, _), verdict in zip(written, verdicts, strict=True) if verdict is Verdict.REFUSED]
        for item in refused:
            LOG.warning("the endpoint refuses an event, which is left out", extra={"sink": NAME, "seq": item.seq})
        new = replace(
            old,
            seq=chunk[-1].seq,
            message_id=chunk[-1].message_id,
            forwarded=old.forwarded + len(written) - len(refused),
            refused=old.refused + len(refused),
            skipped=old.skipped + len(chunk) - len(written),
            trouble="",
        )
        async with self._engine.begin() as connection:
            await move(connection, old, new)
        self._is_well()
        metrics.count_forwarded(forwarded=len(written) - len(refused), refused=len(refused), skipped=len(chunk) - len(written))
        return new

    async def _at_rest(self) -> None:
        metrics.SINK_LAG.labels(NAME).set(0)
        if self.trouble:
            await self._tell("")
        self._is_well()

    def _is_well(self) -> None:
        self.trouble, self._delay = "", FIRST_DELAY
        metrics.SINK_UP.labels(NAME).set(1)

    async def _wait_after(self, error: Exception, stop: asyncio.Event) -> None:
        self.trouble = str(error) if isinstance(error, StreamUnavailable | EndpointAway) else advice_for(error)
        metrics.SINK_UP.labels(NAME).set(0)
        metrics.SINK_ERRORS.inc()
        LOG.warning("the sink waits", extra={"sink": NAME, "advice": self.trouble, "error": type(error).__name__})
        await self._tell(self.trouble)
        await pause(self._delay, stop)
        self._delay = min(2 * self._delay, LONGEST_DELAY)

    async def _tell(self, trouble: str) -> None:
        try:
            async with self._engine.begin() as connection:
                await tell(connection, NAME, self._name, trouble)
        except POSTGRES_ERRORS as error:
            LOG.info("what the sink waits for is not written", extra={"why": advice_for(error)})


def _chunks(batch: Sequence[Item]) -> Iterator[Sequence[Item]]:
    for first in range(0, len(batch), CHUNK):
        yield batch[first : first + CHUNK]
