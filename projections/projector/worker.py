"""The projector: fold -> upsert -> position, in one Postgres transaction, so that a fact counts once; read this first."""

import asyncio
import logging
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from itertools import takewhile
from typing import Self

from sqlalchemy.ext.asyncio import AsyncEngine

from contracts.streams import EventStream
from projections import metrics
from projections.database import advice_for, open_engine, sqlstate_of
from projections.jobs import jobs_of, scheduled
from projections.projector.batch import Outcome, project
from projections.projector.halt import Halted, HaltReason, newer_version, refuse_other_partitions, refuse_other_stream
from projections.projector.lease import lease
from projections.projector.months import Months
from projections.projector.positions import (
    Fenced,
    Position,
    confirm_position,
    hold_position,
    move_position,
    read_positions,
    start_position,
)
from projections.projector.stopping import finish_within, pause
from projections.stream import Interrupted, Reader, Stream, StreamUnavailable
from projections.stream.item import Item, Sequenced, TooNew

LOG = logging.getLogger(__name__)

STANDBY_SECONDS = 1.0
FIRST_DELAY, LONGEST_DELAY = 0.2, 5.0
STOP_SECONDS = 4.0


def utc_now() -> datetime:
    """Return what time it is; only the lag and the housekeeping ask, never a fold."""
    return datetime.now(UTC)


async def apply(engine: AsyncEngine, position: Position, batch: Sequence[Item]) -> tuple[Position, Outcome]:
    """Fold *batch* into the read models and move *position* behind it: both, or neither (Fenced: it has moved already)."""
    async with engine.begin() as connection:
        await hold_position(connection, position)
        outcome = await project(connection, batch)
        moved = position.behind(batch, outcome)
        await move_position(connection, position, moved)
    return moved, outcome


class Projector:
    """Keeps the read models of one partition up with the stream; use it as an async context manager."""

    def __init__(self, *, nats_url: str, database_url: str, partition: int = 0, partitions: int = 1) -> None:
        self._partition, self._partitions = partition, partitions
        self._engine = open_engine(database_url)
        self._stream = Stream(nats_url, EventStream(family="web", partition=partition, partitions=partitions))
        self._position: Position | None = None
        self._trouble = "starting"
        self._delay = FIRST_DELAY
        self._label = str(partition)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._stream.close()
        await self._engine.dispose()

    def checks(self) -> dict[str, str]:
        """Return what stands in the way of keeping up, by name; an empty text is good."""
        return {"projection": self._trouble}

    async def run(self, stop: asyncio.Event, *, clock: Callable[[], datetime] = utc_now) -> None:
        """Project until *stop* is set; raise Halted when going on would be wrong, and come through everything else."""
        with scheduled(jobs_of(self._engine, self.refresh_lag, clock)):
            await finish_within(STOP_SECONDS, stop, self._project(stop))

    async def refresh_lag(self, now: datetime) -> None:
        """Measure how far the read models are behind the stream; a projector that stands by leaves that to the other."""
        if self._position is None:
            return
        backlog = await self._stream.backlog_after(self._position.seq)
        waiting = (now - backlog.oldest_at).total_seconds() if backlog.oldest_at else 0.0
        metrics.LAG_EVENTS.labels(self._label).set(backlog.messages)
        metrics.LAG_SECONDS.labels(self._label).set(max(waiting, 0.0))

    async def _project(self, stop: asyncio.Event) -> None:
        while not stop.is_set():
            try:
                await self._lead(stop)
            except Halted as halted:
                self._halt(halted)
                raise
            except (Fenced, Interrupted) as interruption:
                # Whatever we believed, the position in Postgres is true: read it again and go on from there.
                metrics.INTERRUPTIONS.labels(self._label, type(interruption).__name__.lower()).inc()
                LOG.info("reading the position again", extra={"projection": self._label, "why": str(interruption)})
                await pause(FIRST_DELAY, stop)
            except Exception as error:  # noqa: BLE001  # the loop that must come through everything; it logs, counts and waits
                await self._wait_after(error, stop)

    async def _lead(self, stop: asyncio.Event) -> None:
        async with lease(self._engine, self._partition) as leading:
            metrics.LEADING.labels(self._label).set(leading)
            if not leading:
                self._position, self._trouble = None, ""
                await pause(STANDBY_SECONDS, stop)
                return
            await self._stream.connect()
            self._position = await self._find_position()
            async with self._stream.read_after(self._position.seq) as reader:
                self._trouble = ""
                await self._follow(reader, self._position, stop)

    async def _find_position(self) -> Position:
        async with self._engine.begin() as connection:
            positions = await read_positions(connection)
            refuse_other_partitions(positions, self._partitions)
            # Asked after the position is read: another projector may be moving it, and a stream that was asked first would
            # seem to end before it.
            stream = await self._stream.identity()
            position = positions.get(self._partition)
            if position is None:
                # What the other partitions have read of is what this one has to read of.
                created = min((other.stream_created for other in positions.values()), default=stream.created)
                position = Position(partition=self._partition, partitions=self._partitions, stream_created=created)
                await start_position(connection, position)
        message_id = await self._stream.message_id_at(position.seq) if position.seq else None
        refuse_other_stream(position, stream, message_id)
        return position

    async def _follow(self, reader: Reader, position: Position, stop: asyncio.Event) -> None:
        months = Months(self._engine)
        while not stop.is_set():
            batch = await reader.next_batch()
            if not batch:
                async with self._engine.connect() as connection:
                    await confirm_position(connection, position)
            readable = list(takewhile(lambda item: not isinstance(item, TooNew), batch))
            if readable:
                await months.prepare_for([item for item in readable if isinstance(item, Sequenced)])
                with metrics.BATCH_SECONDS.labels(self._label).time():
                    position, outcome = await apply(self._engine, position, readable)
                self._count(position, outcome)
            for item in batch[len(readable) :]:
                raise newer_version(item)

    def _count(self, position: Position, outcome: Outcome) -> None:
        self._position, self._delay = position, FIRST_DELAY
        metrics.count_batch(self._label, outcome)
        for pointer in outcome.quarantined:
            LOG.warning("set aside", extra={"seq": pointer.seq, "reason": pointer.reason.value, "contract": pointer.contract})

    def _halt(self, halted: Halted) -> None:
        self._trouble = str(halted)
        metrics.HALTED.labels(self._label, halted.reason.value).set(1)
        metrics.STREAM_REGRESSED.labels(self._label).set(halted.reason is HaltReason.STREAM_REGRESSED)
        LOG.error("stopped for good", extra={"projection": self._label, "reason": halted.reason.value, "advice": str(halted)})

    async def _wait_after(self, error: Exception, stop: asyncio.Event) -> None:
        self._trouble = str(error) if isinstance(error, StreamUnavailable) else advice_for(error)
        metrics.ERRORS.labels(self._label).inc()
        LOG.warning(
            "beginning again from the position",
            extra={
                "projection": self._label,
                "advice": self._trouble,
                "error": type(error).__name__,
                "sqlstate": sqlstate_of(error),
            },
        )
        await pause(self._delay, stop)
        self._delay = min(2 * self._delay, LONGEST_DELAY)


async def run(*, nats_url: str, database_url: str, partition: int = 0, partitions: int = 1, stop: asyncio.Event) -> None:
    """Keep one partition's read models up with the stream until *stop* is set, or raise Halted."""
    async with Projector(nats_url=nats_url, database_url=database_url, partition=partition, partitions=partitions) as projector:
        await projector.run(stop)
