"""A projector that fails at one step of its work, the first time that it gets there with facts in its hands."""

import os
import signal
import sys
from collections.abc import Callable
from typing import Any

from collector.cli import main
from projections.projector import batch, worker
from projections.stream import Reader

AFTER_FETCH = "after the fetch"
MID_FOLD = "in the middle of the fold"
BEFORE_POSITION = "before the position"
BEFORE_COMMIT = "before the commit"
AFTER_COMMIT = "after the commit"
POINTS = (AFTER_FETCH, MID_FOLD, BEFORE_POSITION, BEFORE_COMMIT, AFTER_COMMIT)

Fail = Callable[[], None]
Patch = Callable[[Any, str, Any], None]


def arm(point: str, fail: Fail, patch: Patch = setattr) -> None:
    """Have *fail* called when the projector gets to *point*."""
    if point == AFTER_FETCH:
        patch(Reader, "next_batch", _after(Reader.next_batch, fail))
    elif point == MID_FOLD:
        # The rows of the first model are written, those of the next never are.
        patch(batch, "touched_by", _instead(batch.touched_by, fail))
    elif point == BEFORE_POSITION:
        patch(batch, "move_position", _before(batch.move_position, fail))
    elif point == BEFORE_COMMIT:
        patch(batch, "move_position", _after(batch.move_position, fail))
    else:
        patch(worker, "apply", _after(worker.apply, fail))


def once(fail: Fail) -> Fail:
    """Return what calls *fail* the first time only."""
    left = [fail]

    def failing() -> None:
        if left:
            left.pop()()

    return failing


def _instead(step: Callable[..., Any], fail: Fail) -> Callable[..., Any]:
    def failing(*arguments: Any) -> Any:
        fail()
        return step(*arguments)

    return failing


def _before(step: Callable[..., Any], fail: Fail) -> Callable[..., Any]:
    async def failing(*arguments: Any) -> Any:
        fail()
        return await step(*arguments)

    return failing


def _after(step: Callable[..., Any], fail: Fail) -> Callable[..., Any]:
    async def failing(*arguments: Any) -> Any:
        outcome = await step(*arguments)
        if outcome != []:  # what an idle stream gives
            fail()
        return outcome

    return failing


def die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


if __name__ == "__main__":
    arm(os.environ["FAILS"], die)
    sys.exit(main(["project"]))
