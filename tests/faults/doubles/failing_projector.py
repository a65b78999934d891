"""A projector that fails at one step of its work, the first time that it gets there with facts in its hands."""

import os
import signal
import sys
from collections.abc import Callable
from typing import Any

from collector.cli import main
from projections.projector import batch, freshening, rolling, worker
from projections.stream import Reader

AFTER_FETCH = "after the fetch"
MID_FOLD = "in the middle of the fold"
BEFORE_POSITION = "before the position"
BEFORE_COMMIT = "before the commit"
AFTER_COMMIT = "after the commit"
POINTS = (AFTER_FETCH, MID_FOLD, BEFORE_POSITION, BEFORE_COMMIT, AFTER_COMMIT)
# Beside the batches, where days that are over are added up.
AFTER_CLAIM = "after the claim"
ROWS_WRITTEN = "when the rows of a day are written"
BEFORE_FRESH = "before the day is fresh"
AFTER_FRESH = "after the day is fresh"
ROLLING_POINTS = (AFTER_CLAIM, ROWS_WRITTEN, BEFORE_FRESH, AFTER_FRESH)

Fail = Callable[[], None]
Patch = Callable[[Any, str, Any], None]


def arm(point: str, fail: Fail, patch: Patch = setattr) -> None:
    """Have *fail* called when the projector gets to *point*."""
    if point == AFTER_FETCH:
        patch(Reader, "next_batch", after(Reader.next_batch, fail))
    elif point == MID_FOLD:
        # The rows of the first model are written, those of the next never are.
        patch(batch, "touched_by", instead(batch.touched_by, fail))
    elif point == BEFORE_POSITION:
        patch(batch, "move_position", before(batch.move_position, fail))
    elif point == BEFORE_COMMIT:
        patch(batch, "move_position", after(batch.move_position, fail))
    elif point == AFTER_CLAIM:
        patch(rolling, "claim", after(rolling.claim, fail))
    elif point == ROWS_WRITTEN:
        patch(freshening, "confirm", before(freshening.confirm, fail))
    elif point == BEFORE_FRESH:
        patch(freshening, "confirm", after(freshening.confirm, fail))
    elif point == AFTER_FRESH:
        patch(rolling, "freshen", after(rolling.freshen, fail))
    else:
        patch(worker, "apply", after(worker.apply, fail))


def once(fail: Fail) -> Fail:
    """Return what calls *fail* the first time only."""
    left = [fail]

    def failing() -> None:
        if left:
            left.pop()()

    return failing


def instead(step: Callable[..., Any], fail: Fail) -> Callable[..., Any]:
    """Return what fails before *step*, which waits for nothing."""

    def failing(*arguments: Any) -> Any:
        fail()
        return step(*arguments)

    return failing


def before(step: Callable[..., Any], fail: Fail) -> Callable[..., Any]:
    """Return what fails before *step*."""

    async def failing(*arguments: Any, **options: Any) -> Any:
        fail()
        return await step(*arguments, **options)

    return failing


def after(step: Callable[..., Any], fail: Fail) -> Callable[..., Any]:
    """Return what fails behind *step*, when that has come to something."""

    async def failing(*arguments: Any, **options: Any) -> Any:
        outcome = await step(*arguments, **options)
        if outcome not in ([], False):  # what an idle stream gives, and an attempt in vain
            fail()
        return outcome

    return failing


def die() -> None:
    """Be killed, as when memory runs out."""
    os.kill(os.getpid(), signal.SIGKILL)


if __name__ == "__main__":
    arm(os.environ["FAILS"], die)
    sys.exit(main(["project"]))
