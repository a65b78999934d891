"""Patience: asking NATS again for some minutes while it is away, as when a leader is chosen or a server is started again."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar

from projections.stream import NoStream, StreamUnavailable, WaitingIsNoUse

PATIENCE_SECONDS = 300.0
_PAUSE_SECONDS = 1.0

Answer = TypeVar("Answer")
Waits = Callable[[str], None]


class NatsStaysAway(StreamUnavailable):
    """NATS was away for longer than anybody waits; the text says what to do."""

    def __init__(self, error: StreamUnavailable) -> None:
        minutes = PATIENCE_SECONDS / 60
        super().__init__(
            f"NATS has been away for {minutes:.0f} minutes ({error}). What is read stays complete; "
            "run `collector backfill` again once it is back."
        )


async def patiently(ask: Callable[[], Awaitable[Answer]], waits: Waits) -> Answer:
    """Return what *ask* does, asking again while NATS is away and telling *waits* so, "" once it is back.

    That there is no stream is an answer.
    """
    loop = asyncio.get_running_loop()
    deadline = loop.time() + PATIENCE_SECONDS
    has_waited = False
    while True:
        try:
            answer = await ask()
        except (NoStream, WaitingIsNoUse):
            raise
        except StreamUnavailable as error:
            if loop.time() > deadline:
                raise NatsStaysAway(error) from error
            has_waited = True
            waits(str(error))
            await asyncio.sleep(_PAUSE_SECONDS)
        else:
            if has_waited:
                waits("")
            return answer
