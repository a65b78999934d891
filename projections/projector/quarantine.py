"""Quarantine: pointers to the facts that cannot be applied, kept in the transaction that moves past them."""

from collections.abc import Sequence
from typing import Any

from msgspec.structs import replace
from sqlalchemy import BigInteger, Boolean, Column, ColumnElement, Integer, Table, insert, select
from sqlalchemy.ext.asyncio import AsyncConnection

from contracts.codec import type_of
from projections.schema import BOOKS, moment, words
from projections.stream.item import Quarantined, Reason, Sequenced, is_imported, pointer

# A pointer into the partition's stream and a class, never the payload.
QUARANTINE = Table(
    "quarantine",
    BOOKS,
    Column("partition", Integer, primary_key=True, autoincrement=False),
    Column("seq", BigInteger, primary_key=True, autoincrement=False),
    words("tenant"),
    words("site"),
    words("reason"),
    words("contract"),
    moment("came_at", nullable=True),
    Column("imported", Boolean, nullable=False, server_default="false"),
)


def pointer_to(fact: Sequenced[Any], reason: Reason) -> Quarantined:
    """Return the pointer that is kept in place of *fact*."""
    event = fact.event
    pointed = pointer(fact.seq, fact.message_id, fact.subject, reason, contract=type_of(event))
    return replace(pointed, came_at=event.received_at, imported=is_imported(event.batch))


async def set_aside(connection: AsyncConnection, partition: int, pointers: Sequence[Quarantined]) -> None:
    """Keep *pointers*; what was stored stays in the stream, so a corrected program can apply it in a rebuild."""
    if not pointers:
        return
    await connection.execute(
        insert(QUARANTINE),
        [
            {
                "partition": partition,
                "seq": pointer.seq,
                "tenant": pointer.tenant,
                "site": pointer.site,
                "reason": pointer.reason.value,
                "contract": pointer.contract,
                "came_at": pointer.came_at,
                "imported": pointer.imported,
            }
            for pointer in pointers
        ],
    )


async def pointers_where(connection: AsyncConnection, *which: ColumnElement[bool]) -> list[Quarantined]:
    """Return the pointers that are kept and that *which* chooses, in the order of their partitions' streams."""
    query = select(QUARANTINE).where(*which).order_by(QUARANTINE.c.partition, QUARANTINE.c.seq)
    return [
        Quarantined(
            seq=row.seq,
            message_id="",
            reason=Reason(row.reason),
            contract=row.contract,
            tenant=row.tenant,
            site=row.site,
            came_at=row.came_at,
            imported=row.imported,
        )
        for row in await connection.execute(query)
    ]
