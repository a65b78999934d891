"""Recount: facts of a site that the stream still holds count again, in the transaction that gave up all of the site's rows.

A site may be added anew as soon as its facts are erased, and what it is sent then may be counted before the erasure's last
word is heard here: those rows go with the others, and the position is past their facts.
"""

from collections.abc import Sequence

from sqlalchemy.ext.asyncio import AsyncConnection

from projections.projector.batch import settle
from projections.projector.days import make_days_for
from projections.projector.dropped import without_dropped
from projections.projector.ends import add_ends
from projections.projector.halt import newer_version
from projections.read_models.model import ReadModel
from projections.stream import Stream
from projections.stream.item import Item, Sequenced, TooNew


async def recount(
    connection: AsyncConnection,
    models: Sequence[ReadModel],
    stream: Stream,
    partition: int,
    *,
    subjects: str,
    upto: int,
) -> int:
    """Fold what *stream* holds of *subjects* up to the sequence *upto*, and return how many facts that were.

    They moved the position and the totals when they were counted first, so neither moves again; the ends went with the rows.
    """
    last = done = 0
    async with stream.read_after(0, only=subjects) as reader:
        while (await stream.first_after(last, subjects) or upto + 1) <= upto:
            batch = [item for item in await reader.next_batch() if item.seq <= upto]
            kept = await without_dropped(connection, partition, _readable(batch))
            # Of facts so old that the ids of their day are forgotten, too.
            await make_days_for(connection, [item for item in kept if isinstance(item, Sequenced)])
            endings = await settle(connection, models, partition, kept)
            await add_ends(connection, partition, endings.ends)
            last, done = batch[-1].seq if batch else last, done + len(batch)
    return done


def _readable(batch: Sequence[Item]) -> Sequence[Item]:
    for item in batch:
        if isinstance(item, TooNew):
            raise newer_version(item)
    return batch
