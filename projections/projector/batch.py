"""The life of a fact: told from its repeats, folded, upserted, counted, and passed by the position; read this first.

All of it is one Postgres transaction, fenced by the position before it, so that a fact counts once whatever fails: either its
rows are there and the position is after it, or neither is so. worker.py is the loop around this; stream/ is where batches come
from; read_models/ is what facts become.
"""

from collections.abc import Sequence
from typing import Any

from asyncpg import PostgresError
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from projections.database import Unstorable, fault_of_the_fact
from projections.projector.dedup import keep_first
from projections.projector.dropped import without_dropped
from projections.projector.endings import Endings, SiteDay, ended, set_aside_as
from projections.projector.holes import note_holes
from projections.projector.positions import Position, hold_position, move_position
from projections.projector.quarantine import pointer_to, set_aside
from projections.read_models.model import ReadModel, happened_on
from projections.stream.item import Item, Quarantined, Sequenced


async def apply(
    engine: AsyncEngine, models: Sequence[ReadModel], position: Position, batch: Sequence[Item]
) -> tuple[Position, Endings]:
    """Fold *batch* into *models* and move *position* after it: both, or neither (Fenced: it has moved already)."""
    async with engine.begin() as connection:
        is_any_dropped = await hold_position(connection, position)
        kept = await without_dropped(connection, position.partition, batch) if is_any_dropped else batch
        endings = await settle(connection, models, position.partition, kept)
        await note_holes(connection, position, batch)
        moved = position.after(batch, endings)
        await move_position(connection, position, moved, endings)
    return moved, endings


async def settle(connection: AsyncConnection, models: Sequence[ReadModel], partition: int, items: Sequence[Item]) -> Endings:
    """Bring every one of *items* to its end inside the transaction of *connection*, and return how each of them ended."""
    facts = [item for item in items if isinstance(item, Sequenced)]
    unreadable = [item for item in items if isinstance(item, Quarantined)]
    endings = await _fold_or_halve(connection, models, facts) + set_aside_as(unreadable)
    await set_aside(connection, partition, endings.quarantined)
    return endings


async def _fold_or_halve(connection: AsyncConnection, models: Sequence[ReadModel], facts: Sequence[Sequenced[Any]]) -> Endings:
    if not facts:
        return Endings()
    try:
        async with connection.begin_nested():
            return await _fold(connection, models, facts)
    except (DBAPIError, PostgresError, Unstorable) as error:
        reason = fault_of_the_fact(error)
        if reason is None:
            raise
    if len(facts) == 1:
        received_at = facts[0].event.received_at if facts[0].event.batch is None else None
        return set_aside_as([pointer_to(facts[0], reason)], received_at)
    # The earlier half goes first: whether a fact is a repeat depends on what stands before it.
    middle = len(facts) // 2
    first = await _fold_or_halve(connection, models, facts[:middle])
    return first + await _fold_or_halve(connection, models, facts[middle:])


async def _fold(connection: AsyncConnection, models: Sequence[ReadModel], facts: Sequence[Sequenced[Any]]) -> Endings:
    kept = await keep_first(connection, facts)
    touched: set[SiteDay] = set()
    for model in models:
        if theirs := facts_for(model, kept):
            await model.upsert(connection, theirs)
            touched |= touched_by(model, theirs)
    return ended(facts, kept, frozenset(touched))


def facts_for(model: ReadModel, facts: Sequence[Sequenced[Any]]) -> Sequence[Sequenced[Any]]:
    """Return those of *facts* that *model* reads."""
    return [fact for fact in facts if isinstance(fact.event, model.facts)]


def touched_by(model: ReadModel, facts: Sequence[Sequenced[Any]]) -> set[SiteDay]:
    """Return the days of sites on which *model* has rows of *facts*."""
    day_of = model.day_of or happened_on
    # Plain first: there are many facts, and few days of few sites.
    days = {(event.tenant, event.site, day_of(event)) for event in [fact.event for fact in facts]}
    return {SiteDay(*day) for day in days}
