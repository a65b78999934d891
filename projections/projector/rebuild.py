"""Backfill: a generation made anew from the streams, beside the one that is read, which it replaces once it has caught up."""

from collections.abc import Callable, Sequence
from contextlib import AsyncExitStack
from datetime import datetime

from projections.projections import PROJECTIONS
from projections.projector.loss import HistoryWouldBeLost, listed
from projections.projector.projection import Projection
from projections.projector.replacement import Compare, Progress, Purpose, Replacement

__all__ = ["Compare", "HistoryWouldBeLost", "Progress", "Purpose", "backfill"]


_LOSING = {Purpose.REPLACE: "Going on without", Purpose.COMPARE: "It would be without"}


async def backfill(
    *,
    nats_url: str,
    database_url: str,
    clock: Callable[[], datetime],
    projections: Sequence[Projection] = PROJECTIONS,
    partition: int | None = None,
    partitions: int = 1,
    accept_loss: bool = False,
    purpose: Purpose = Purpose.REPLACE,
    compare: Compare | None = None,
    report: Callable[[Progress], None] = lambda _: None,
    tell: Callable[[str], None] = lambda _: None,
) -> Progress:
    """Rebuild *projections* from their streams as they are now, one after the other, telling *report* how far each is.

    What is read stays complete until its replacement is level with it. A projector that runs already sees the new generation
    and stands by. With *partition* only that one is worked on here, and the others' own projectors are waited for. When a loss
    is refused nothing has changed; *tell* hears of an accepted one before anything has. *compare* is shown both before one
    takes the other's place, which for the *purpose* of comparing it never does.
    """
    async with AsyncExitStack() as resources:
        rebuilds = [
            Replacement(each, nats_url, database_url, partitions, clock, purpose=purpose, compare=compare, report=report)
            for each in projections
        ]
        for rebuild in rebuilds:
            await rebuild.open(resources)
        # Every projection is looked at before the first is changed: a refusal in the middle would come too late.
        losses = [loss for rebuild in rebuilds for loss in (await rebuild.look()).losses]
        if losses and not accept_loss and purpose is Purpose.REPLACE:
            raise HistoryWouldBeLost(losses)
        if losses:
            tell(f"{_LOSING[purpose]}: {listed(losses)}.")
        ends = [await rebuild.run(partition=partition, accept_loss=accept_loss) for rebuild in rebuilds]
    return Progress(
        done=sum(end.done for end in ends), total=sum(end.total for end in ends), erased=sum(end.erased for end in ends)
    )
