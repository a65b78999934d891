"""Share: what one process folds of a partition that is made anew: whole sites, in the order of the stream.

`python -m projections.projector.share` is told what to do on its standard input and says on its output how far it is. It keeps
a position of its own, moved with the rows as ever, so that a transaction that may or may not have ended is no riddle.
"""

import asyncio
import logging
import os
import sys
from asyncio import StreamReader
from collections.abc import AsyncIterator, Sequence
from datetime import datetime
from typing import TypeAlias

import msgspec
from msgspec import Struct
from sqlalchemy.ext.asyncio import AsyncEngine

from contracts.codec import Codec
from projections.database import POSTGRES_ERRORS, advice_for, open_engine
from projections.projections import PROJECTIONS
from projections.projector.batch import settle
from projections.projector.garbage import look_less
from projections.projector.months import Months
from projections.projector.positions import Fenced, Position, hold_position, move_position, read_positions, start_position
from projections.projector.projection import Projection
from projections.read_models.model import ReadModel
from projections.stream import Stream, StreamUnavailable
from projections.stream.item import Item, Quarantined, Sequenced, TooNew, read_item

# A message as it stands in the stream: sequence, message id, subject and bytes.
Message: TypeAlias = tuple[int, str, str, bytes]

_TRIES, _PAUSE_SECONDS = 20, 1.0
_AHEAD = 2


class Task(Struct, frozen=True, kw_only=True):
    """Which share of which partition into which schema; ``number`` is what its position stands under meanwhile."""

    nats_url: str
    database_url: str
    schema: str
    projection: str
    partition: int
    partitions: int
    number: int
    stream_created: datetime


class Done(Struct, frozen=True, kw_only=True):
    """How many messages of a batch are dealt with, or why none can be: a newer version at ``too_new``, or ``trouble``."""

    messages: int = 0
    too_new: TooNew | None = None
    trouble: str = ""


class Share(Struct, frozen=True, kw_only=True):
    """The tables that a share goes into, and under which number its position stands."""

    engine: AsyncEngine
    models: Sequence[ReadModel]
    task: Task

    async def start(self) -> Position:
        """Return the position, which is at the beginning where there was none."""
        task = self.task
        start = Position(partition=task.number, partitions=1, stream_created=task.stream_created)
        async with self.engine.begin() as connection:
            await start_position(connection, start)
            return (await read_positions(connection))[task.number]

    async def fold(self, items: Sequence[Item], position: Position) -> Position:
        """Fold *items* behind *position*, trying again while Postgres is away or has to choose between two processes."""
        for again in range(_TRIES):
            try:
                behind = [item for item in items if item.seq > position.seq]
                return await self._apply(behind, position) if behind else position
            except (*POSTGRES_ERRORS, Fenced):
                if again == _TRIES - 1:
                    raise
                await asyncio.sleep(_PAUSE_SECONDS * min(again, 5) / 5)
                # Whether the transaction ended is not known: the position in Postgres is true.
                position = await self.start()
        return position

    async def _apply(self, items: Sequence[Item], position: Position) -> Position:
        await Months(self.engine, self.models).prepare_for([item for item in items if isinstance(item, Sequenced)])
        async with self.engine.begin() as connection:
            await hold_position(connection, position)
            endings = await settle(connection, self.models, self.task.partition, items)
            moved = position.after(items, endings)
            await move_position(connection, position, moved, endings)
        return moved


async def frames(pipe: StreamReader) -> AsyncIterator[bytes]:
    """Yield what was written with framed(), until the other end is gone."""
    while True:
        try:
            size = int.from_bytes(await pipe.readexactly(4))
            yield await pipe.readexactly(size)
        except asyncio.IncompleteReadError:
            return


def framed(body: bytes) -> bytes:
    """Return *body* behind its length."""
    return len(body).to_bytes(4) + body


_messages = msgspec.msgpack.Decoder(list[Message])
_task = msgspec.msgpack.Decoder(Task)


class _Orders(asyncio.StreamReaderProtocol):
    """Hears what is to be done, until whoever says it is gone."""

    def eof_received(self) -> bool:
        """End at once, in the middle of whatever it is.

        A rebuild ends its shares itself, so this one was killed. What we go on trying may be made anew under the same name by
        the next one, which would find a position of ours in it.
        """
        os._exit(1)


async def _work() -> None:
    pipe = StreamReader(limit=1 << 24)
    await asyncio.get_running_loop().connect_read_pipe(lambda: _Orders(pipe), sys.stdin)
    told = frames(pipe)
    task = _task.decode(await anext(told))
    projection = next(one for one in PROJECTIONS if one.name == task.projection)
    engine = open_engine(task.database_url, schema=task.schema)
    share = Share(engine=engine, models=projection.models, task=task)
    batches: asyncio.Queue[list[Item]] = asyncio.Queue(_AHEAD)
    reading = asyncio.create_task(_read(told, projection, batches))
    try:
        position = await share.start()
        while True:
            items = await batches.get()
            if newer := next((item for item in items if isinstance(item, TooNew)), None):
                _say(Done(too_new=newer))
                return
            position = await share.fold(await _as_stored(items, task, projection), position)
            _say(Done(messages=len(items)))
    except StreamUnavailable as error:
        _say(Done(trouble=str(error)))
    except POSTGRES_ERRORS as error:
        _say(Done(trouble=advice_for(error)))
    finally:
        reading.cancel()
        await engine.dispose()


async def _as_stored(items: Sequence[Item], task: Task, projection: Projection) -> Sequence[Item]:
    """Return *items* with when those came that cannot be read, which only the stream can say; there is nearly never one."""
    undated = [item for item in items if isinstance(item, Quarantined) and item.came_at is None]
    if not undated:
        return items
    of = projection.streams(task.partitions)[task.partition]
    async with Stream(task.nats_url, of, Codec(projection.facts)) as stream:
        await stream.connect()
        dated = {item.seq: await stream.item_at(item.seq) for item in undated}
    return [dated.get(item.seq) or item for item in items]


async def _read(told: AsyncIterator[bytes], projection: Projection, batches: "asyncio.Queue[list[Item]]") -> None:
    # Read and decoded while Postgres works on the batch before.
    codec = Codec(projection.facts)
    async for body in told:
        await batches.put(
            [
                read_item(data, seq=seq, message_id=message_id, subject=subject, codec=codec)
                for seq, message_id, subject, data in _messages.decode(body)
            ]
        )


def _say(done: Done) -> None:
    sys.stdout.buffer.write(framed(msgspec.msgpack.encode(done)))
    sys.stdout.buffer.flush()


def main() -> None:
    """Work until there is trouble, or the input ends."""
    logging.getLogger().addHandler(logging.NullHandler())
    look_less()
    asyncio.run(_work())


if __name__ == "__main__":
    main()
