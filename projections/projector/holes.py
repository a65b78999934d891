"""holes: the runs of sequences at which a partition met no message, so that it is known which of the erased it has counted."""

from collections.abc import Sequence

from sqlalchemy import BigInteger, Column, Integer, Table, insert
from sqlalchemy.ext.asyncio import AsyncConnection

from projections.projector.positions import Position
from projections.schema import BOOKS
from projections.stream.item import Item

HOLES = Table(
    "holes",
    BOOKS,
    Column("partition", Integer, primary_key=True, autoincrement=False),
    Column("first", BigInteger, primary_key=True, autoincrement=False),
    Column("last", BigInteger, nullable=False),
)


async def note_holes(connection: AsyncConnection, position: Position, batch: Sequence[Item]) -> None:
    """Keep the runs that *batch* leaves out behind *position*; there is nearly never one."""
    runs = holes_in(position.seq, batch)
    if runs:
        rows = [{"partition": position.partition, "first": first, "last": last} for first, last in runs]
        await connection.execute(insert(HOLES), rows)


def holes_in(after: int, batch: Sequence[Item]) -> list[tuple[int, int]]:
    """Return the runs that *batch* leaves out behind *after*; before the first message of all there is no hole."""
    before = after or batch[0].seq - 1
    if batch[-1].seq - before == len(batch):
        return []
    runs: list[tuple[int, int]] = []
    for item in batch:
        if item.seq > before + 1:
            runs.append((before + 1, item.seq - 1))
        before = item.seq
    return runs
