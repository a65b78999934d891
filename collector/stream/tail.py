"""Events as they are stored, in order, from now or from some time ago."""

from collections.abc import AsyncIterator
from datetime import datetime

import nats.errors
from nats.js.api import ConsumerConfig, DeliverPolicy
from nats.js.errors import NotFoundError

from collector.failure import Failure
from collector.stream.connection import Connection


async def tail(client: Connection, subject: str, *, start: datetime | None) -> AsyncIterator[bytes]:
    """Yield the body of every event that fits *subject*, from *start* on or from now, for ever."""
    policy = DeliverPolicy.NEW if start is None else DeliverPolicy.BY_START_TIME
    config = ConsumerConfig(deliver_policy=policy, opt_start_time=start)
    try:
        subscription = await client.jetstream().subscribe(subject, ordered_consumer=True, config=config)
    except NotFoundError as error:
        raise Failure("there is no event stream yet; `collector up` or `collector serve` makes it.") from error
    except nats.errors.Error as error:
        raise Failure(f"NATS refuses the subscription ({type(error).__name__}). Try: collector doctor") from error
    async for message in subscription.messages:
        yield message.data
