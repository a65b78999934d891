"""Positions: how far each partition has read, of which stream; they move only together with the rows, and only by one mover."""

from collections.abc import Sequence
from datetime import datetime

from msgspec import Struct
from msgspec.structs import replace
from sqlalchemy import ColumnElement, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from projections.projector.batch import Outcome
from projections.read_models.tables import POSITIONS
from projections.stream.item import Item, Sequenced


class Fenced(Exception):
    """Somebody else has moved the position: what we know is out of date, and nothing of ours may be kept."""

    def __init__(self) -> None:
        super().__init__("another projector has moved the position")


class Position(Struct, frozen=True, kw_only=True):
    """The last message that partition *partition* has dealt with, and every number that moved with it."""

    partition: int
    partitions: int
    stream_created: datetime
    seq: int = 0
    message_id: str = ""
    applied: int = 0
    duplicates: int = 0
    quarantined: int = 0
    received_at: datetime | None = None

    def behind(self, batch: Sequence[Item], outcome: Outcome) -> "Position":
        """Return the position after *batch*, whose facts ended as *outcome* says."""
        # Imports bring their own, older times.
        times = [item.event.received_at for item in batch if isinstance(item, Sequenced) and item.event.batch is None]
        return replace(
            self,
            seq=batch[-1].seq,
            message_id=batch[-1].message_id,
            applied=self.applied + outcome.applied,
            duplicates=self.duplicates + outcome.duplicates,
            quarantined=self.quarantined + len(outcome.quarantined),
            received_at=max((time for time in (self.received_at, *times) if time is not None), default=None),
        )


async def read_positions(connection: AsyncConnection) -> dict[int, Position]:
    """Return the position of every partition that has one."""
    rows = await connection.execute(select(POSITIONS))
    return {
        row.partition: Position(
            partition=row.partition,
            partitions=row.partitions,
            stream_created=row.stream_created,
            seq=row.seq,
            message_id=row.event_id,
            applied=row.applied,
            duplicates=row.duplicates,
            quarantined=row.quarantined,
            received_at=row.received_at,
        )
        for row in rows
    }


async def start_position(connection: AsyncConnection, position: Position) -> None:
    """Write the first position of a partition, unless somebody has done so."""
    values = {"partition": position.partition, "partitions": position.partitions, "stream_created": position.stream_created}
    await connection.execute(insert(POSITIONS).values(values | _moving(position)).on_conflict_do_nothing())


async def confirm_position(connection: AsyncConnection, position: Position) -> None:
    """Raise Fenced unless the position is still where we left it: who has nothing to write would not notice a rebuild."""
    if (await connection.execute(select(POSITIONS.c.seq).where(_unmoved(position)))).one_or_none() is None:
        raise Fenced


async def hold_position(connection: AsyncConnection, position: Position) -> None:
    """Lock the position until the transaction ends, or raise Fenced: a second mover waits here instead of working in vain."""
    held = await connection.execute(select(POSITIONS.c.seq).where(_unmoved(position)).with_for_update())
    if held.one_or_none() is None:
        raise Fenced


async def move_position(connection: AsyncConnection, old: Position, new: Position) -> None:
    """Move the position from *old* to *new*, or raise Fenced: this compare-and-set is what keeps a fact from counting twice."""
    moved = await connection.execute(update(POSITIONS).where(_unmoved(old)).values(_moving(new)))
    if moved.rowcount != 1:
        raise Fenced


def _unmoved(position: Position) -> ColumnElement[bool]:
    return (
        (POSITIONS.c.partition == position.partition)
        & (POSITIONS.c.partitions == position.partitions)
        & (POSITIONS.c.stream_created == position.stream_created)
        & (POSITIONS.c.seq == position.seq)
    )


def _moving(position: Position) -> dict[str, object]:
    return {
        "seq": position.seq,
        "event_id": position.message_id,
        "applied": position.applied,
        "duplicates": position.duplicates,
        "quarantined": position.quarantined,
        "received_at": position.received_at,
    }
