"""Watched: projectors that run for as long as somebody watches what they make, and not a moment longer."""

import asyncio
from collections.abc import Callable, Coroutine, Sequence
from datetime import datetime
from typing import Any, TypeVar

from projections.projector.worker import Projector

_POLL_SECONDS = 0.2

Seen = TypeVar("Seen")


async def while_projecting(
    watching: Coroutine[None, None, Seen], projectors: Sequence[Projector], *, clock: Callable[[], datetime]
) -> Seen:
    """Return what *watching* has seen, having *projectors* run meanwhile; raise what ends one of them before."""
    stop = asyncio.Event()
    projecting = asyncio.gather(*(projector.run(stop, clock=clock) for projector in projectors))
    watched = asyncio.ensure_future(watching)
    both: set[asyncio.Future[Any]] = {projecting, watched}
    try:
        await asyncio.wait(both, return_when=asyncio.FIRST_COMPLETED)
        if not watched.done():
            await projecting  # it ended first, so it has something to say
        end = await watched
    finally:
        stop.set()
        # Again and again: a cancellation can be lost in asyncio.wait_for, and it would watch for ever.
        while not watched.done():
            watched.cancel()
            await asyncio.wait({watched}, timeout=_POLL_SECONDS)
        await asyncio.wait(both)
    return end
