"""Background work with an owner: it ends with the block that started it, and the block fails with it, so none dies unseen."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Collection, Coroutine
from typing import Any

_CANCEL_SECONDS = 0.2


@contextlib.asynccontextmanager
async def running_beside(*works: Coroutine[Any, Any, None]) -> AsyncIterator[None]:
    """Run *works*, none of which ends by itself, until the block does; raise in the block what one of them raises."""
    # Not asyncio.TaskGroup: that would wrap the block's own exceptions as well.
    owner = asyncio.current_task()
    defects: list[BaseException] = []

    def ended(task: "asyncio.Task[None]") -> None:
        if not task.cancelled() and (defect := task.exception()) is not None:
            defects.append(defect)
            if owner is not None:
                owner.cancel()

    tasks = [asyncio.ensure_future(work) for work in works]
    for task in tasks:
        task.add_done_callback(ended)
    try:
        yield
    except asyncio.CancelledError:
        if defects:
            raise defects[0] from None
        raise
    finally:
        await ended_all(tasks)


async def ended_all(tasks: Collection["asyncio.Task[None]"]) -> None:
    """Cancel *tasks* and return once each has ended, however."""
    # Again and again: a cancellation can be lost in asyncio.wait_for, and a loop of questions to NATS would go on for ever.
    while pending := [task for task in tasks if not task.done()]:
        for task in pending:
            task.cancel()
        await asyncio.wait(pending, timeout=_CANCEL_SECONDS)
    for task in tasks:
        if not task.cancelled():
            task.exception()  # looked at, so that nobody misses it
