"""Bringing back: facts that were set aside end as they would have, had this program met them where they stand in the stream.

Each goes through the fold that every fact goes through, in one transaction with its pointer, under the lock of the position: so
it comes back once, whoever else tries and whatever fails. Which of two equal facts counts depends on which stands first; so
where one like it may have been counted since, the whole site is folded again from the stream, as a rebuild would.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from msgspec import Struct, structs
from sqlalchemy import delete, select
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from projections.projector.batch import settle
from projections.projector.dedup import HORIZON, IMPORTED, SEEN, site_number
from projections.projector.endings import Total
from projections.projector.ends import ENDS_SINCE, add_ends, ends_of_pointers, take_ends
from projections.projector.months import Months
from projections.projector.positions import POSITIONS
from projections.projector.quarantine import QUARANTINE, pointers_where
from projections.projector.refold import refold
from projections.projector.totals import correct_totals
from projections.read_models.model import ReadModel
from projections.stream import Stream
from projections.stream.item import Quarantined, Reason, Sequenced, owner_of

AT_ONCE = 500


class NotBroughtBack(Exception):
    """The facts cannot come back one by one; the text says why, and what to do."""


class Returned(Struct, frozen=True, kw_only=True):
    """How many facts were tried, how many of them are still set aside or gone from the stream, and how many sites refolded."""

    tried: int = 0
    still: int = 0
    gone: int = 0
    refolded: int = 0

    @property
    def back(self) -> int:
        """Return how many have come back."""
        return self.tried - self.still - self.gone

    def __add__(self, other: "Returned") -> "Returned":
        return Returned(
            tried=self.tried + other.tried,
            still=self.still + other.still,
            gone=self.gone + other.gone,
            refolded=self.refolded + other.refolded,
        )


async def bring_back(
    engine: AsyncEngine, models: Sequence[ReadModel], stream: Stream, partition: int, seqs: Sequence[int]
) -> Returned:
    """Try again, in the order of *stream*, the facts at *seqs* that *partition* has set aside."""
    done = Returned()
    for first in range(0, len(seqs), AT_ONCE):
        done += await _bring_some(engine, models, stream, partition, sorted(seqs)[first : first + AT_ONCE])
    return done


async def _bring_some(
    engine: AsyncEngine, models: Sequence[ReadModel], stream: Stream, partition: int, seqs: Sequence[int]
) -> Returned:
    found = {seq: await stream.item_at(seq) for seq in seqs}
    readable = {seq: item for seq, item in found.items() if isinstance(item, Sequenced)}
    await Months(engine, models).prepare_for(list(readable.values()))
    identity = await stream.identity()
    async with engine.begin() as connection:
        query = select(POSITIONS).where(POSITIONS.c.partition == partition).with_for_update()
        position = (await connection.execute(query)).one_or_none()
        if position is None or position.stream_created != identity.created:
            raise NotBroughtBack(
                "The stream is another one than the one that was read: see what `collector doctor` says of it."
            )
        column = QUARANTINE.c
        mine = (column.partition == partition, column.seq.in_(seqs), column.reason != Reason.LEFT_OUT.value)
        pointers = await pointers_where(connection, *mine)  # what somebody else has brought back meanwhile is not among them
        facts = [readable[pointer.seq] for pointer in pointers if pointer.seq in readable]
        again = await _sites_in_doubt(connection, facts, position.received_at)
        await _refuse_what_no_refold_mends(connection, partition, [fact for fact in facts if _site(fact) in again])
        plain = {fact.seq: fact for fact in facts if _site(fact) not in again}
        theirs = [pointer for pointer in pointers if pointer.seq in plain]
        await _settle_again(connection, models, partition, list(plain.values()), theirs)
        for tenant, site in sorted(again):
            moved = await refold(connection, models, stream, partition, tenant=tenant, site=site, upto=position.seq)
            came = [fact.event.received_at for fact in facts if fact.event.batch is None and _site(fact) == (tenant, site)]
            moved = structs.replace(moved, received_at=max(came, default=None))
            await correct_totals(connection, partition, {tenant: moved})
        left = await pointers_where(connection, *mine)
    gone = sum(found[pointer.seq] is None for pointer in pointers)
    return Returned(tried=len(pointers), still=len(left) - gone, gone=gone, refolded=len(again))


async def _settle_again(
    connection: AsyncConnection,
    models: Sequence[ReadModel],
    partition: int,
    facts: Sequence[Sequenced[Any]],
    pointers: Sequence[Quarantined],
) -> None:
    if not facts:
        return
    await _forget(connection, partition, pointers)
    endings = await settle(connection, models, partition, facts)
    await add_ends(connection, partition, endings.ends)
    await correct_totals(connection, partition, endings.totals)


async def _forget(connection: AsyncConnection, partition: int, pointers: Sequence[Quarantined]) -> None:
    """Take *pointers* away with all that was counted of them."""
    column = QUARANTINE.c
    seqs = [pointer.seq for pointer in pointers]
    await connection.execute(delete(QUARANTINE).where(column.partition == partition, column.seq.in_(seqs)))
    await take_ends(connection, partition, ends_of_pointers(pointers))
    less: Mapping[str, Total] = {
        tenant: Total(quarantined=-sum(pointer.tenant == tenant for pointer in pointers))
        for tenant in {pointer.tenant for pointer in pointers}
    }
    await correct_totals(connection, partition, less)


async def _sites_in_doubt(
    connection: AsyncConnection, facts: Sequence[Sequenced[Any]], newest: datetime | None
) -> set[tuple[str, str]]:
    """Return the sites of those of *facts* like which one may have been counted: seen, or so long ago that it is forgotten."""
    if not facts:
        return set()
    ids = {fact.event.id for fact in facts}
    queries = [select(table.c.event_id, table.c.site).where(table.c.event_id.in_(ids)) for table in (SEEN, IMPORTED)]
    seen = {(row.event_id, row.site) for query in queries for row in await connection.execute(query)}
    return {
        _site(fact)
        for fact in facts
        if (fact.event.id, site_number(*_site(fact))) in seen
        or (fact.event.batch is None and newest is not None and newest - fact.event.received_at > HORIZON)
    }


async def _refuse_what_no_refold_mends(connection: AsyncConnection, partition: int, facts: Sequence[Sequenced[Any]]) -> None:
    """Raise NotBroughtBack where the books began after the generation, or a fact stands under a subject of another site."""
    if not facts:
        return
    since = await connection.scalar(select(ENDS_SINCE.c.received_at).where(ENDS_SINCE.c.partition == partition))
    if since is not None or any(owner_of(fact.subject) != _site(fact) for fact in facts):
        raise NotBroughtBack(
            "An event like one of these may have been counted since, so they cannot be added to what there is. Run `collector "
            "backfill`, which counts all of them where they stand."
        )


def _site(fact: Sequenced[Any]) -> tuple[str, str]:
    return fact.event.tenant, fact.event.site
