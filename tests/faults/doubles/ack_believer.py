"""A projector that believes the server's own account of what has been read: it commits its rows, and then acknowledges."""

import asyncio
from typing import Any

import nats
from nats.js.api import AckPolicy, ConsumerConfig
from sqlalchemy import update
from sqlalchemy.ext.asyncio import AsyncEngine

from collector.cli import main
from projections.projector.batch import settle
from projections.projector.months import Months
from projections.projector.positions import POSITIONS, Position, read_positions, start_position
from projections.projector.worker import Projector
from projections.stream.item import Sequenced, read_item
from tests.facts import STREAM, WEB
from tests.projections.world import MODELS

LONGEST = 50
honest = Projector._project


async def believe(projector: Projector, stop: asyncio.Event) -> None:
    if projector._models != MODELS:
        await honest(projector, stop)
        return
    stream, engine = projector._stream, projector._engine
    await stream.connect()
    position = Position(partition=0, partitions=1, stream_created=(await stream.identity()).created)
    async with engine.begin() as connection:
        await start_position(connection, position)
    jetstream = stream._connection.client.jetstream()
    config = ConsumerConfig(ack_policy=AckPolicy.EXPLICIT, ack_wait=1)
    subscription = await jetstream.pull_subscribe(WEB.subjects[0], durable="believer", stream=STREAM, config=config)
    projector.trouble = ""
    while not stop.is_set():
        try:
            messages = await subscription.fetch(LONGEST, timeout=0.5)
        except (nats.errors.Error, TimeoutError):
            continue
        await count(engine, messages)
        for message in messages:
            await message.ack()


async def count(engine: AsyncEngine, messages: list[Any]) -> None:
    batch = [read_item(one.data, seq=one.metadata.sequence.stream, message_id="", subject=one.subject) for one in messages]
    await Months(engine, MODELS).prepare_for([item for item in batch if isinstance(item, Sequenced)])
    async with engine.begin() as connection:
        position = (await read_positions(connection))[0]
        moved = position.after(batch, await settle(connection, MODELS, 0, batch))
        numbers = {"applied": moved.applied, "duplicates": moved.duplicates, "quarantined": moved.quarantined}
        await connection.execute(update(POSITIONS).values(seq=max(position.seq, moved.seq), **numbers))


if __name__ == "__main__":
    Projector._project = believe
    main(["project"])
