"""Events as they are stored, each stream's in order, from now or from some time ago; streams that come later come in."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Sequence
from datetime import datetime

import nats.errors
from nats.aio.msg import Msg
from nats.js.api import ConsumerConfig, DeliverPolicy
from nats.js.errors import NotFoundError

from collector.failure import Failure
from collector.stream.connection import Connection
from collector.upkeep import running_beside
from contracts.streams import EventStream

_LOOK_SECONDS = 0.2
_AT_HAND = 1000


async def tail(
    client: Connection, wanted: Sequence[tuple[EventStream, str]], *, start: datetime | None
) -> AsyncIterator[bytes]:
    """Yield the body of every event in the *wanted* streams that fits their subject, from *start* on or from now, for ever."""
    bodies: asyncio.Queue[bytes] = asyncio.Queue(_AT_HAND)
    async with running_beside(*(_follow(client, stream, subject, start, bodies) for stream, subject in wanted)):
        while True:
            yield await bodies.get()


async def _follow(
    client: Connection, stream: EventStream, subject: str, start: datetime | None, bodies: "asyncio.Queue[bytes]"
) -> None:
    async def heard(message: Msg) -> None:
        await bodies.put(message.data)

    policy = DeliverPolicy.NEW if start is None else DeliverPolicy.BY_START_TIME
    while True:
        config = ConsumerConfig(deliver_policy=policy, opt_start_time=start)
        try:
            await client.jetstream().subscribe(subject, stream=stream.name, cb=heard, ordered_consumer=True, config=config)
            break
        except NotFoundError:  # it is made with its first event, which is new, too
            policy = DeliverPolicy.ALL if start is None else policy
            await asyncio.sleep(_LOOK_SECONDS)
        except nats.errors.Error as error:
            raise Failure(f"NATS refuses the subscription ({type(error).__name__}). Try: collector doctor") from error
    with contextlib.suppress(asyncio.CancelledError):
        await asyncio.Event().wait()
