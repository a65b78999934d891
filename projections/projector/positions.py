"""Positions: how far each partition has read, of which stream; they move only together with the rows, and only by one mover."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from msgspec import Struct
from msgspec.structs import asdict, replace
from sqlalchemy import BigInteger, Column, ColumnElement, Integer, Result, Table, Text, exists, select, text
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from projections.projector.dropped import DROPPED
from projections.projector.endings import Endings, newest
from projections.projector.ends import ADD_ENDS, as_columns
from projections.projector.totals import ADD_TOTALS
from projections.projector.totals import as_columns as totals_as_columns
from projections.schema import BOOKS, moment
from projections.stream.item import Item

POSITIONS = Table(
    "positions",
    BOOKS,
    Column("partition", Integer, primary_key=True, autoincrement=False),
    Column("partitions", Integer, nullable=False),
    moment("stream_created"),
    Column("first_seq", BigInteger, nullable=False),  # of the first message that was dealt with, 0 before it
    Column("seq", BigInteger, nullable=False),
    Column("message_id", Text, nullable=False),  # at seq, "" at the start
    Column("applied", BigInteger, nullable=False),
    Column("duplicates", BigInteger, nullable=False),
    Column("quarantined", BigInteger, nullable=False),
    moment("received_at", nullable=True),  # the newest of any fact but imports: what seen_events is forgotten by
)


class Fenced(Exception):
    """Somebody else has moved the position: what we know is out of date, and nothing of ours may be kept."""

    def __init__(self) -> None:
        super().__init__("another projector has moved the position")


class Position(Struct, frozen=True, kw_only=True):
    """The last message that partition *partition* has dealt with, and every number that moved with it."""

    partition: int
    partitions: int
    stream_created: datetime
    first_seq: int = 0
    seq: int = 0
    message_id: str = ""
    applied: int = 0
    duplicates: int = 0
    quarantined: int = 0
    received_at: datetime | None = None

    @property
    def dealt_with(self) -> int:
        """Return how many facts have ended in one of the three ways."""
        return self.applied + self.duplicates + self.quarantined

    def after(self, batch: Sequence[Item], endings: Endings) -> "Position":
        """Return the position after *batch*, whose facts ended as *endings* says."""
        total = endings.total
        return replace(
            self,
            first_seq=self.first_seq or batch[0].seq,
            seq=batch[-1].seq,
            message_id=batch[-1].message_id,
            applied=self.applied + total.applied,
            duplicates=self.duplicates + total.duplicates,
            quarantined=self.quarantined + total.quarantined,
            received_at=newest(self.received_at, total.received_at),
        )


async def read_positions(connection: AsyncConnection) -> dict[int, Position]:
    """Return the position of every partition that has one."""
    return _by_partition(await connection.execute(select(POSITIONS)))


async def positions_in(connection: AsyncConnection, schema: str) -> dict[int, Position]:
    """Return every position in *schema*, wherever *connection* looks by itself."""
    return _by_partition(await connection.execute(select(POSITIONS), execution_options=_of(schema)))


async def hold_positions_in(connection: AsyncConnection, schema: str) -> dict[int, Position]:
    """Lock every position in *schema* until the transaction ends, and return them."""
    return _by_partition(await connection.execute(select(POSITIONS).with_for_update(), execution_options=_of(schema)))


async def start_position(connection: AsyncConnection, position: Position) -> None:
    """Write the first position of a partition, unless somebody has done so."""
    await connection.execute(insert(POSITIONS).values(asdict(position)).on_conflict_do_nothing())


async def confirm_position(connection: AsyncConnection, position: Position) -> None:
    """Raise Fenced unless the position is still where we left it: who has nothing to write would not notice a rebuild."""
    if (await connection.execute(select(POSITIONS.c.seq).where(_unmoved(position)))).one_or_none() is None:
        raise Fenced


async def hold_position(connection: AsyncConnection, position: Position) -> bool:
    """Lock the position until the transaction ends, or raise Fenced: a second mover waits here instead of working in vain.

    Return whether any fact of the partition is to be left out, which there is nearly never one.
    """
    is_any_dropped = exists().where(DROPPED.c.partition == POSITIONS.c.partition)
    held = await connection.execute(select(is_any_dropped).where(_unmoved(position)).with_for_update(of=POSITIONS))
    found = held.one_or_none()
    if found is None:
        raise Fenced
    return bool(found[0])


# The compare-and-set, and the tenants' totals and the ledger's ends in the same breath: nothing is added when it fails. What
# has come back from quarantine meanwhile was counted without moving the position, so the counts are added to.
_MOVE = text(f"""
    WITH moved AS (
        UPDATE positions SET first_seq = :first_seq, seq = :seq, message_id = :message_id,
            applied = positions.applied + :more_applied, duplicates = positions.duplicates + :more_duplicates,
            quarantined = positions.quarantined + :more_quarantined,
            received_at = greatest(positions.received_at, CAST(:received_at AS timestamptz))
        WHERE partition = :partition AND partitions = :partitions AND stream_created = :stream_created AND seq = :old_seq
        RETURNING partition
    ), added AS ({ADD_TOTALS}), ended AS ({ADD_ENDS})
    SELECT count(*) FROM moved
""")


async def move_position(connection: AsyncConnection, old: Position, new: Position, endings: Endings) -> None:
    """Move the position from *old* to *new*, or raise Fenced: this compare-and-set is what keeps a fact from counting twice."""
    total = endings.total
    more = {
        "old_seq": old.seq,
        "more_applied": total.applied,
        "more_duplicates": total.duplicates,
        "more_quarantined": total.quarantined,
    }
    if await connection.scalar(_MOVE, asdict(new) | totals_as_columns(endings.totals) | as_columns(endings.ends) | more) != 1:
        raise Fenced


def _unmoved(position: Position) -> ColumnElement[bool]:
    return (
        (POSITIONS.c.partition == position.partition)
        & (POSITIONS.c.partitions == position.partitions)
        & (POSITIONS.c.stream_created == position.stream_created)
        & (POSITIONS.c.seq == position.seq)
    )


def _by_partition(rows: Result[Any]) -> dict[int, Position]:
    return {row.partition: Position(**row._mapping) for row in rows}  # noqa: SLF001  # public, by SQLAlchemy's own account


def _of(schema: str) -> dict[str, Any]:
    return {"schema_translate_map": {None: schema}}
