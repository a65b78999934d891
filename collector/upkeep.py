"""Background work with an owner: it ends with the block that started it, and the block fails with it, so none dies unseen."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Coroutine
from typing import Any


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
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
