"""Projector: one loop, which keeps one generation's partition up with its stream; batch.py says what happens to a fact."""

import asyncio
import logging
from collections.abc import Callable, Sequence
from datetime import datetime
from itertools import takewhile
from typing import Self

from contracts.codec import Codec
from projections import metrics
from projections.database import advice_for, open_engine, sqlstate_of
from projections.generations import Generation
from projections.jobs import jobs_of, scheduled
from projections.projector.batch import apply
from projections.projector.endings import Endings
from projections.projector.erasing import Erasing
from projections.projector.halt import (
    Halted,
    HaltReason,
    newer_version,
    refuse_other_partitions,
    refuse_other_stream,
    stream_is_gone,
)
from projections.projector.lease import Leads, lease
from projections.projector.leaving import LeavingOut
from projections.projector.levels import note_level
from projections.projector.months import Months
from projections.projector.packing import pack
from projections.projector.positions import Fenced, Position, confirm_position, read_positions, start_position
from projections.projector.projection import Label, Projection
from projections.projector.rolling import Rolling
from projections.projector.stopping import beside, finish_within, pause
from projections.stream import Identity, Interrupted, NoStream, Reader, Stream, StreamUnavailable
from projections.stream.item import Item, Sequenced, TooNew

LOG = logging.getLogger(__name__)

STANDBY_SECONDS = 1.0
# JetStream says when there is a stream; this is for a word of it that was lost.
NO_STREAM_SECONDS = 10.0
FIRST_DELAY, LONGEST_DELAY = 0.2, 5.0
# A transaction costs as much as a hundred facts. Where so many have come that others are about to, they are waited for, so that
# few transactions are made; where few come, or more than enough wait, nobody waits.
FEW, ENOUGH, BREATH_SECONDS = 16, 1000, 0.2
STOP_SECONDS = 4.0


class Projector:
    """Keeps one partition of a generation up with its stream; use it as an async context manager.

    ``last`` is the message that it goes no further than, while there is one. ``trouble`` is what stands in the way of keeping
    up, "" when nothing does. ``has_no_stream`` says that there is nothing to keep up with: no fact of the family has ever been
    stored.
    """

    def __init__(
        self,
        projection: Projection,
        generation: Generation,
        *,
        nats_url: str,
        database_url: str,
        partition: int = 0,
        partitions: int = 1,
        leads: Leads = lease,
    ) -> None:
        self._leads = leads
        self._database_url = database_url
        self._models, self._generation = projection.models, generation
        self._partition, self._partitions = partition, partitions
        self._engine = open_engine(database_url, schema=generation.schema)
        self._stream = Stream(nats_url, projection.streams(partitions)[partition], Codec(projection.facts))
        self._erasing = Erasing(database_url, projection, generation, partition=partition, partitions=partitions)
        # What all generations share is out of sight for whoever works on one.
        self._beside = open_engine(database_url, pool_size=1)
        name = projection.streams(partitions)[partition].name
        self._leaving = LeavingOut(self._beside, projection, generation, partition=partition, name=name)
        self._position: Position | None = None
        self._delay = FIRST_DELAY
        self.last: int | None = None
        self.trouble = "starting"
        self.has_no_stream = False
        self.label = Label(projection.name, str(generation.number), str(partition))
        ours = {"partition": partition, "partitions": partitions}
        self._rolling = Rolling(database_url, generation, self.label, **ours) if projection.rolls_up else None

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._stream.close()
        await self._erasing.close()
        await self._beside.dispose()
        if self._rolling is not None:
            await self._rolling.close()
        await self._engine.dispose()

    async def run(self, stop: asyncio.Event, *, clock: Callable[[], datetime]) -> None:
        """Project until *stop* is set; raise Halted when going on would be wrong, and come through everything else.

        *clock* is for the lag and the housekeeping; no fold asks what time it is.
        """
        with scheduled(jobs_of(self._engine, self.refresh_lag, self._pack, clock)):
            async with beside(self._roll_up(stop, clock)):
                await finish_within(STOP_SECONDS, stop, self._project(stop))

    async def refresh_lag(self, now: datetime) -> None:
        """Measure how far the read models are behind the stream; a projector that stands by leaves that to the other."""
        if self._position is None:
            if self.has_no_stream:
                await self._note_level(now)
            return
        backlog = await self._stream.backlog_after(self._position.seq)
        if not backlog.messages:
            await self._note_level(now)
        waiting = (now - backlog.oldest_at).total_seconds() if backlog.oldest_at else 0.0
        metrics.LAG_EVENTS.labels(*self.label).set(backlog.messages)
        metrics.LAG_SECONDS.labels(*self.label).set(max(waiting, 0.0))

    async def _pack(self) -> None:
        if self._position is not None:
            await pack(self._database_url, self._generation.schema)

    async def _note_level(self, now: datetime) -> None:
        async with self._beside.begin() as connection:
            await note_level(connection, self._generation, self._partition, now)

    async def _roll_up(self, stop: asyncio.Event, clock: Callable[[], datetime]) -> None:
        if self._rolling is not None:
            await self._rolling.run(stop, clock=clock, leads=lambda: self._position is not None)

    async def _project(self, stop: asyncio.Event) -> None:
        while not stop.is_set():
            try:
                await self._lead(stop)
            except Halted as halted:
                self._halt(halted)
                raise
            except (Fenced, Interrupted) as interruption:
                # Whatever we believed, the position in Postgres is true: read it again and go on from there.
                metrics.INTERRUPTIONS.labels(*self.label, type(interruption).__name__.lower()).inc()
                LOG.info("reading the position again", extra={"projection": str(self.label), "why": str(interruption)})
                await pause(FIRST_DELAY, stop)
            except Exception as error:  # noqa: BLE001  # the loop that must come through everything; it logs, counts and waits
                await self._wait_after(error, stop)

    async def _lead(self, stop: asyncio.Event) -> None:
        async with self._leads(self._engine, self._generation, self._partition) as leading:
            metrics.LEADING.labels(*self.label).set(leading)
            if not leading:
                self._position, self.trouble = None, ""
                await pause(STANDBY_SECONDS, stop)
                return
            await self._stream.connect()
            if await self._erasing.give_up(self._stream):
                await self._engine.dispose()  # its sessions remember numbers that are no more
            await self._leaving.obey(self._stream)
            self._position = await self._find_position()
            self.has_no_stream = self._position is None
            if self._position is None:
                self.trouble = ""
                async with self._stream.beginning() as there_is_one:
                    await pause(NO_STREAM_SECONDS, stop, there_is_one)
                return
            async with self._stream.read_after(self._position.seq) as reader:
                self.trouble = ""
                await self._follow(reader, self._position, stop)

    async def _find_position(self) -> Position | None:
        """Return where to go on, or None while there is no stream because no fact of it has been stored yet."""
        async with self._engine.begin() as connection:
            positions = await read_positions(connection)
            refuse_other_partitions(positions, self._partitions)
            position = positions.get(self._partition)
            # Asked after the position is read: another projector may be moving it, and a stream that was asked first would
            # seem to end before it.
            stream = await self._stream_after(position)
            if stream is None:
                return None
            if position is None:
                position = Position(partition=self._partition, partitions=self._partitions, stream_created=stream.created)
                await start_position(connection, position)
        message_id = await self._stream.message_id_at(position.seq) if position.seq else None
        refuse_other_stream(position, stream, message_id)
        return position

    async def _stream_after(self, position: Position | None) -> Identity | None:
        try:
            return await self._stream.identity()
        except NoStream:
            if position is not None and position.seq:
                raise stream_is_gone() from None
            return None

    async def _follow(self, reader: Reader, position: Position, stop: asyncio.Event) -> None:
        months = Months(self._engine, self._models)
        while not stop.is_set():
            batch, is_cut = self._as_far_as_allowed(await reader.next_batch())
            began = asyncio.get_running_loop().time()
            if await self._erasing.is_due() or await self._leaving.is_due():
                return
            if not batch:
                async with self._engine.connect() as connection:
                    await confirm_position(connection, position)
            readable = list(takewhile(lambda item: not isinstance(item, TooNew), batch))
            if readable:
                await months.prepare_for([item for item in readable if isinstance(item, Sequenced)])
                with metrics.BATCH_SECONDS.labels(*self.label).time():
                    position, endings = await apply(self._engine, self._models, position, readable)
                self._count(position, endings)
            for item in batch[len(readable) :]:
                raise newer_version(item)
            if is_cut:
                # What was left out is read anew once it may be.
                await pause(FIRST_DELAY, stop)
                return
            if rest := breath(len(batch), asyncio.get_running_loop().time() - began):
                await pause(rest, stop)

    def _as_far_as_allowed(self, batch: Sequence[Item]) -> tuple[Sequence[Item], bool]:
        if self.last is None or not batch or batch[-1].seq <= self.last:
            return batch, False
        return [item for item in batch if item.seq <= self.last], True

    def _count(self, position: Position, endings: Endings) -> None:
        self._position, self._delay = position, FIRST_DELAY
        if self._rolling is not None:
            self._rolling.touch(endings.touched)
        metrics.count_batch(self.label, endings)
        for pointer in endings.quarantined:
            LOG.warning("set aside", extra={"seq": pointer.seq, "reason": pointer.reason.value, "contract": pointer.contract})

    def _halt(self, halted: Halted) -> None:
        self.trouble, self.has_no_stream = str(halted), False
        metrics.HALTED.labels(*self.label, halted.reason.value).set(1)
        metrics.STREAM_REGRESSED.labels(*self.label).set(halted.reason is HaltReason.STREAM_REGRESSED)
        LOG.error(
            "stopped for good", extra={"projection": str(self.label), "reason": halted.reason.value, "advice": str(halted)}
        )

    async def _wait_after(self, error: Exception, stop: asyncio.Event) -> None:
        self.trouble = str(error) if isinstance(error, StreamUnavailable) else advice_for(error)
        metrics.ERRORS.labels(*self.label).inc()
        LOG.warning(
            "beginning again from the position",
            extra={
                "projection": str(self.label),
                "advice": self.trouble,
                "error": type(error).__name__,
                "sqlstate": sqlstate_of(error),
            },
        )
        await pause(self._delay, stop)
        self._delay = min(2 * self._delay, LONGEST_DELAY)


def breath(facts: int, took: float) -> float:
    """Return for how many seconds others are waited for behind a batch of so many *facts* that *took* so many seconds."""
    return max(BREATH_SECONDS - took, 0.0) if FEW <= facts < ENOUGH else 0.0
