"""Backfill: empty the read models and fold the whole stream again, beside a running projector or without one."""

import asyncio
from collections.abc import Callable, Coroutine, Sequence
from contextlib import AsyncExitStack
from typing import Any

from msgspec import Struct
from sqlalchemy import delete, exists, select, text
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from contracts.streams import EventStream
from projections.database import open_engine
from projections.projector.positions import Position, read_positions, start_position
from projections.projector.worker import Projector
from projections.read_models import READ_MODELS
from projections.read_models.tables import HITS, POSITIONS, QUARANTINE, SEEN
from projections.stream import Identity, Stream

POLL_SECONDS = 0.2


class Progress(Struct, frozen=True, kw_only=True):
    """How many of the stream's facts have been dealt with."""

    done: int
    total: int


class HistoryWouldBeLost(Exception):
    """The read models hold facts that the stream does not; the text says what to do."""

    def __init__(self) -> None:
        super().__init__(
            "The read models hold events that are no longer in the stream, and a rebuild would lose them. "
            "Back up the database first, and then accept the loss with `collector backfill --accept-loss`."
        )


async def backfill(
    *,
    nats_url: str,
    database_url: str,
    partitions: int = 1,
    accept_loss: bool = False,
    report: Callable[[Progress], None] = lambda _: None,
) -> Progress:
    """Rebuild the read models from the stream as it is now, telling *report* how far it is, or raise and change nothing.

    A projector that runs already notices that its position has moved and does the work, which is then only watched.
    """
    async with AsyncExitStack() as resources:
        engine = open_engine(database_url)
        resources.push_async_callback(engine.dispose)
        streams, projectors = [], []
        for partition in range(partitions):
            stream = Stream(nats_url, EventStream(family="web", partition=partition, partitions=partitions))
            projector = Projector(nats_url=nats_url, database_url=database_url, partition=partition, partitions=partitions)
            streams.append(await resources.enter_async_context(stream))
            projectors.append(await resources.enter_async_context(projector))
            await stream.connect()
        identity = await start_again(engine, streams[0], partitions=partitions, accept_loss=accept_loss)
        return await _project_while(_watch(engine, streams, identity, report), projectors)


async def start_again(engine: AsyncEngine, stream: Stream, *, partitions: int, accept_loss: bool) -> Identity:
    """Empty every table, set every position to the start of *stream* and return which it is, or raise HistoryWouldBeLost."""
    async with engine.begin() as connection:
        # Positions first, as every projector does: it waits for batches under way and never for us to wait for each other.
        await connection.execute(text("LOCK TABLE positions IN EXCLUSIVE MODE"))
        # Asked where no projector can move on: else the tables would seem to hold more than the stream.
        identity = await stream.identity()
        if not accept_loss and await _holds_more_than(identity, connection):
            raise HistoryWouldBeLost
        for table in (*(model.table for model in READ_MODELS), SEEN, QUARANTINE):
            await connection.execute(text(f"TRUNCATE {table.name}"))
        await connection.execute(delete(POSITIONS))
        for partition in range(partitions):
            start = Position(partition=partition, partitions=partitions, stream_created=identity.created)
            await start_position(connection, start)
    return identity


async def _holds_more_than(stream: Identity, connection: AsyncConnection) -> bool:
    positions = (await read_positions(connection)).values()
    of_another = any(position.stream_created != stream.created or position.seq > stream.last_seq for position in positions)
    first_needed = stream.last_seq + 1 if of_another else stream.first_seq
    return bool(await connection.scalar(select(exists().where(HITS.c.seq < first_needed))))


async def _watch(
    engine: AsyncEngine, streams: Sequence[Stream], goal: Identity, report: Callable[[Progress], None]
) -> Progress:
    while True:
        async with engine.connect() as connection:
            positions = await read_positions(connection)
        done = sum(position.applied + position.duplicates + position.quarantined for position in positions.values())
        report(Progress(done=min(done, goal.messages), total=goal.messages))
        if all([await _has_reached(goal, positions[number], stream) for number, stream in enumerate(streams)]):
            return Progress(done=done, total=goal.messages)
        await asyncio.sleep(POLL_SECONDS)


async def _has_reached(goal: Identity, position: Position, stream: Stream) -> bool:
    # A partition without recent events never gets to the stream's last one; that nothing waits for it is as good.
    return position.seq >= goal.last_seq or (await stream.backlog_after(position.seq)).messages == 0


async def _project_while(watching: Coroutine[None, None, Progress], projectors: Sequence[Projector]) -> Progress:
    stop = asyncio.Event()
    projecting = asyncio.gather(*(projector.run(stop) for projector in projectors))
    watched = asyncio.ensure_future(watching)
    both: set[asyncio.Future[Any]] = {projecting, watched}
    try:
        await asyncio.wait(both, return_when=asyncio.FIRST_COMPLETED)
        if not watched.done():
            await projecting  # it ended first, so it has something to say
        return await watched
    finally:
        stop.set()
        watched.cancel()
        await asyncio.wait(both)
