"""One batch into the tables: repeats left out, each read model upserted, and what Postgres refuses found by halving."""

from collections.abc import Sequence
from typing import Any

from asyncpg import PostgresError
from msgspec import Struct
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncConnection

from projections.database import Unstorable, fault_of_the_fact
from projections.projector.dedup import keep_first
from projections.projector.quarantine import pointer_to, set_aside
from projections.read_models import READ_MODELS
from projections.stream.item import Item, Quarantined, Sequenced


class Outcome(Struct, frozen=True, kw_only=True):
    """How the facts of a batch ended; together they are all of its facts."""

    applied: int = 0
    duplicates: int = 0
    quarantined: tuple[Quarantined, ...] = ()

    def __add__(self, other: "Outcome") -> "Outcome":
        return Outcome(
            applied=self.applied + other.applied,
            duplicates=self.duplicates + other.duplicates,
            quarantined=self.quarantined + other.quarantined,
        )


async def project(connection: AsyncConnection, items: Sequence[Item]) -> Outcome:
    """Apply *items* inside the transaction of *connection* and return how each of them ended."""
    facts = [item for item in items if isinstance(item, Sequenced)]
    unreadable = tuple(item for item in items if isinstance(item, Quarantined))
    outcome = await _apply_or_halve(connection, facts) + Outcome(quarantined=unreadable)
    await set_aside(connection, outcome.quarantined)
    return outcome


async def _apply_or_halve(connection: AsyncConnection, facts: Sequence[Sequenced[Any]]) -> Outcome:
    if not facts:
        return Outcome()
    try:
        async with connection.begin_nested():
            return await _apply(connection, facts)
    except (DBAPIError, PostgresError, Unstorable) as error:
        reason = fault_of_the_fact(error)
        if reason is None:
            raise
    if len(facts) == 1:
        return Outcome(quarantined=(pointer_to(facts[0], reason),))
    # The earlier half goes first: whether a fact is a repeat depends on what stands before it.
    middle = len(facts) // 2
    return await _apply_or_halve(connection, facts[:middle]) + await _apply_or_halve(connection, facts[middle:])


async def _apply(connection: AsyncConnection, facts: Sequence[Sequenced[Any]]) -> Outcome:
    kept = await keep_first(connection, facts)
    if kept:
        for model in READ_MODELS:
            await model.project(connection, kept)
    return Outcome(applied=len(kept), duplicates=len(facts) - len(kept))
