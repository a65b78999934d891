"""Outlook: what a rebuild finds before it begins, and what it would lose."""

from collections.abc import Mapping, Sequence

from msgspec import Struct
from sqlalchemy.ext.asyncio import AsyncConnection

from projections.generations import Generation
from projections.projector.gone import NOTHING, Gone, Reckon
from projections.projector.halt import difference, refuse_other_partitions
from projections.projector.loss import Loss, Unaccounted, erased_until, held_positions, is_unaccounted, loss_of
from projections.projector.positions import Position
from projections.projector.projection import Projection
from projections.stream import Identity, NoStream, Stream, StreamUnavailable


class Outlook(Struct, frozen=True, kw_only=True):
    """What is read, how far it came, what the streams hold, and what a rebuild would lose.

    ``others`` are the positions that are of another stream than the one there is.
    """

    live: Generation
    before: Mapping[int, Position]
    goals: Sequence[Identity | None]
    others: frozenset[int]
    losses: Sequence[Loss | Unaccounted]
    gone: Mapping[int, Gone]

    @property
    def is_empty(self) -> bool:
        """Tell whether what is read has dealt with nothing yet, so that it need not be replaced."""
        return not self.before and not self.losses

    @property
    def erased(self) -> int:
        """Return how many of the counted facts were erased by hand, and so are in the streams no more."""
        if self.losses:
            return 0
        return sum(erased_until(position, self.goals[number], self.gone[number]) for number, position in self.before.items())


async def look(
    connection: AsyncConnection, projection: Projection, live: Generation, streams: Sequence[Stream], reckon: Reckon
) -> Outlook:
    """Compare what *live* has counted with its *streams*; raise Halted when one that it has counted is not among them."""
    # Before the streams are asked: else a projector that runs would make the tables seem to hold more than they.
    before = await held_positions(connection, live.schema)
    unaccounted = await is_unaccounted(connection, projection, live.schema, before)
    if any(position.partitions > len(streams) for position in before.values()):
        refuse_other_partitions(before, len(streams))
    goals = [await _identity_of(stream) for stream in streams]
    # After the streams are asked: what is gone from them is on the list by then.
    gone = {number: await _gone(projection, position, goals[number], reckon) for number, position in before.items()}
    losses = [
        await loss_of(projection, position, goals[number], streams[number], gone[number])
        for number, position in sorted(before.items())
        if position.seq
    ]
    return Outlook(
        live=live,
        before=before,
        goals=goals,
        others=frozenset({n for n, position in before.items() if await _is_of_another(position, goals[n], streams[n])}),
        gone=gone,
        losses=[*([Unaccounted(projection=projection.name)] if unaccounted else []), *(loss for loss in losses if loss)],
    )


def refuse_other_streams(goals: Sequence[Identity | None], positions: Mapping[int, Position]) -> None:
    """Raise StreamUnavailable when *positions* are not of the streams that were looked at: nobody knows what is lost."""
    for number, position in positions.items():
        goal = goals[number]
        if goal is not None and position.stream_created != goal.created:
            raise StreamUnavailable(
                "A stream was made again while it was read. What is read stays as it was; run `collector backfill` again, "
                "which says what would be lost"
            )


async def _gone(projection: Projection, position: Position, goal: Identity | None, reckon: Reckon) -> Gone:
    if goal is None or not position.seq:
        return NOTHING
    return await reckon(projection.streams(position.partitions)[position.partition].name, position, goal)


async def _is_of_another(position: Position, goal: Identity | None, stream: Stream) -> bool:
    """Tell whether the stream that *position* is of is there no more, or is not the one it was: as a projector asks."""
    if goal is None:
        return True
    message_id = await stream.message_id_at(position.seq) if position.seq else None
    return bool(difference(position, goal, message_id))


async def _identity_of(stream: Stream) -> Identity | None:
    """Return which stream it is, or None where nothing of the family has been stored."""
    try:
        return await stream.identity()
    except NoStream:
        return None
