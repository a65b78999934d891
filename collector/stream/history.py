"""What a stream holds of one tenant, from its first event to the last that is there when it is read."""

import asyncio
from collections.abc import AsyncIterator
from typing import Final

from nats.aio.msg import Msg
from nats.js.api import ConsumerConfig, DeliverPolicy
from nats.js.errors import NotFoundError

from collector.failure import Failure
from collector.stream.connection import UNREACHABLE, Connection
from contracts.streams import EventStream

PATIENCE_SECONDS: Final = 30.0
_AT_HAND: Final = 1000


async def history(client: Connection, stream: EventStream, subject: str) -> AsyncIterator[bytes]:
    """Yield the body of every event in *stream* that fits *subject*, in order; raise Failure when NATS falls silent."""
    messages: asyncio.Queue[Msg] = asyncio.Queue(_AT_HAND)
    config = ConsumerConfig(deliver_policy=DeliverPolicy.ALL)
    try:
        reading = await client.jetstream().subscribe(
            subject, stream=stream.name, cb=messages.put, ordered_consumer=True, config=config
        )
    except NotFoundError:  # it is made with its first event
        return
    try:
        consumer = await reading.consumer_info()
        left = (consumer.num_pending or 0) + (consumer.delivered.consumer_seq or 0 if consumer.delivered else 0)
        while left:
            async with asyncio.timeout(PATIENCE_SECONDS):
                message = await messages.get()
            yield message.data
            left = message.metadata.num_pending or 0
    except UNREACHABLE as silent:
        raise Failure("NATS stopped answering before everything was read. Try again, or: collector doctor") from silent
    finally:
        await reading.unsubscribe()
