"""dropped: the runs of sequences of which somebody has decided that they count for nothing, as this generation obeys them."""

from collections.abc import Sequence

from msgspec.structs import replace
from sqlalchemy import BigInteger, Column, Integer, Table, select
from sqlalchemy.ext.asyncio import AsyncConnection

from projections.schema import BOOKS
from projections.stream.item import Item, Quarantined, Reason, Sequenced, is_imported, pointer

# ``seq`` is that of the decision in the control stream.
DROPPED = Table(
    "dropped",
    BOOKS,
    Column("partition", Integer, primary_key=True, autoincrement=False),
    Column("first", BigInteger, primary_key=True, autoincrement=False),
    Column("last", BigInteger, primary_key=True, autoincrement=False),
    Column("seq", BigInteger, primary_key=True, autoincrement=False),
)


async def without_dropped(connection: AsyncConnection, partition: int, items: Sequence[Item]) -> Sequence[Item]:
    """Return *items* with a pointer in the place of each that is to be left out, whether it can be read or not."""
    if not items:
        return items
    column = DROPPED.c
    query = select(column.first, column.last).where(
        column.partition == partition, column.first <= items[-1].seq, column.last >= items[0].seq
    )
    runs = [(row.first, row.last) for row in await connection.execute(query)]
    if not runs:
        return items
    return [_left_out(item) if any(first <= item.seq <= last for first, last in runs) else item for item in items]


def _left_out(item: Item) -> Item:
    match item:
        case Sequenced(event=event):
            pointed = pointer(item.seq, item.message_id, item.subject, Reason.LEFT_OUT)
            return replace(pointed, came_at=event.received_at, imported=is_imported(event.batch))
        case Quarantined():
            return replace(item, reason=Reason.LEFT_OUT)
    return item  # of a newer version: whoever can read it will know that it is left out
