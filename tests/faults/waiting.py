"""Waiting for something to become so, with a deadline instead of a guess."""

import asyncio
import time
from collections.abc import Awaitable, Callable

PATIENCE = 60.0


async def until(is_so: Callable[[], object], what: str, *, patience: float = PATIENCE) -> None:
    """Return once *is_so* says so, which may be a coroutine function; fail when it takes too long."""
    deadline = time.monotonic() + patience
    while True:
        answer = is_so()
        if isinstance(answer, Awaitable):
            answer = await answer
        if answer:
            return
        assert time.monotonic() < deadline, f"still waiting: {what}"
        await asyncio.sleep(0.02)
