"""Looking back: which of the ids in doubt a stream of several replicas holds, by the headers of what came in since.

It cannot be asked as a lone server can (see questions.py): the refusal of one question keeps a replicated stream of nats-server
2.15 from storing anything more.
"""

import asyncio
import logging
from collections.abc import Set as AbstractSet
from datetime import timedelta

from nats.aio.msg import Msg
from nats.js.api import ConsumerConfig, DeliverPolicy
from nats.js.errors import NotFoundError

from collector.stream.connection import UNREACHABLE, Connection, ask
from collector.stream.doubts import HOPELESS_SECONDS, MOST
from collector.stream.lane import Lane
from contracts.jetstream import MESSAGE_ID, JetStreamError
from contracts.streams import EventStream

log = logging.getLogger(__name__)

# The server's clock and ours need not agree.
_SLACK_SECONDS = 10.0
_PATIENCE_SECONDS = 10.0
# Beyond that the look would cost ingest a second and more; then it is never known.
_MOST_MESSAGES = 50_000


async def settle_doubts(client: Connection, lane: Lane, now: float) -> None:
    """Find out what became of whom nobody could tell; what cannot be found out now is looked for again."""
    if not (ids := {parcel.message_id for parcel in lane.doubts.due(now, MOST, again=HOPELESS_SECONDS)}):
        return
    try:
        held = await held_of(client, lane.stream, ids, seconds=lane.doubts.oldest(now))
    except (JetStreamError, *UNREACHABLE) as error:
        log.debug("the stream could not be looked through", extra={"error": type(error).__name__})
        return
    for id_ in ids:
        if id_ in held or lane.doubts.is_hopeless(id_, now):
            lane.doubts.settle(id_, landed=id_ in held)


async def held_of(client: Connection, stream: EventStream, ids: AbstractSet[str], *, seconds: float) -> set[str]:
    """Return those of *ids* that came into *stream* within the last *seconds*; raise TimeoutError when that takes too long."""
    info = await ask(client, f"STREAM.INFO.{stream.name}")
    if info.ts is None or not info.state.messages:
        return set()
    found: set[str] = set()
    is_through = asyncio.Event()

    async def look(message: Msg) -> None:
        id_ = (message.headers or {}).get(MESSAGE_ID, "")
        if id_ in ids:
            found.add(id_)
        if message.metadata.num_pending == 0 or len(found) == len(ids):
            is_through.set()

    start = info.ts - timedelta(seconds=seconds + _SLACK_SECONDS)
    config = ConsumerConfig(deliver_policy=DeliverPolicy.BY_START_TIME, opt_start_time=start, headers_only=True)
    reading = await client.jetstream().subscribe(">", stream=stream.name, cb=look, ordered_consumer=True, config=config)
    try:
        consumer = await reading.consumer_info()
        delivered = consumer.delivered.consumer_seq if consumer.delivered else 0
        messages = (consumer.num_pending or 0) + (delivered or 0)
        if messages > _MOST_MESSAGES:
            raise TimeoutError
        if messages:
            async with asyncio.timeout(_PATIENCE_SECONDS):
                await is_through.wait()
    except NotFoundError as gone:
        raise TimeoutError from gone
    finally:
        await reading.unsubscribe()
    return found
