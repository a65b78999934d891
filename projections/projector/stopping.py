"""Waiting that ends early: pauses that a stop cuts short, and work that gets only so much time after it."""

import asyncio
from collections.abc import AsyncIterator, Coroutine
from contextlib import asynccontextmanager


async def pause(seconds: float, *ends: asyncio.Event) -> None:
    """Wait *seconds*, or until one of *ends* is set."""
    waiting = [asyncio.ensure_future(end.wait()) for end in ends]
    try:
        await asyncio.wait(waiting, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in waiting:
            task.cancel()


async def finish_within(seconds: float, stop: asyncio.Event, work: Coroutine[None, None, None]) -> None:
    """Await *work*, which ends by itself after *stop*; cancel it when it has not done so within *seconds*."""
    working, stopped = asyncio.ensure_future(work), asyncio.ensure_future(stop.wait())
    try:
        await asyncio.wait({working, stopped}, return_when=asyncio.FIRST_COMPLETED)
        await asyncio.wait({working}, timeout=seconds)
    finally:
        stopped.cancel()
        working.cancel()
        await asyncio.wait({working})
    if not working.cancelled():
        working.result()


@asynccontextmanager
async def beside(work: Coroutine[None, None, None]) -> AsyncIterator[None]:
    """Have *work* done for the length of the block, and no longer."""
    working = asyncio.ensure_future(work)
    try:
        yield
    finally:
        working.cancel()
        await asyncio.wait({working})
    if not working.cancelled():
        working.result()
