"""Quarantine: pointers to the facts that cannot be applied, kept in the transaction that moves past them."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from contracts.codec import type_of
from projections.read_models.tables import QUARANTINE
from projections.stream.item import Quarantined, Reason, Sequenced


def pointer_to(fact: Sequenced[Any], reason: Reason) -> Quarantined:
    """Return the pointer that is kept in place of *fact*."""
    return Quarantined(seq=fact.seq, message_id=fact.message_id, reason=reason, contract=type_of(fact.event))


async def set_aside(connection: AsyncConnection, pointers: Sequence[Quarantined]) -> None:
    """Keep *pointers*; what was stored stays in the stream, so a corrected program can apply it in a rebuild."""
    if not pointers:
        return
    await connection.execute(
        insert(QUARANTINE),
        [{"seq": pointer.seq, "reason": pointer.reason.value, "contract": pointer.contract} for pointer in pointers],
    )
