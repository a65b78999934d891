"""The checker: what clients were told, held against what the stream stores and what Postgres has counted."""

from collections import Counter
from collections.abc import AsyncIterator, Iterable, Iterator
from enum import StrEnum

from msgspec import Struct

from projections.stream import Stream
from projections.stream.item import Sequenced
from tests.facts import STREAM, WEB
from tests.faults.accounts import Accounts, accounts
from tests.faults.ledger import Ledger
from tests.projections.world import connect_to_tables


class Fault(StrEnum):
    """How a promise can be broken."""

    NOT_STORED = "acknowledged, and not in the stream"
    LOST = "acknowledged, and not counted"
    COUNTED_TWICE = "counted more than once"
    STORED_TWICE = "in the stream more than once"
    NEVER_SENT = "counted, and never sent or refused"
    UNCOUNTED = "in the stream, and not counted"
    NOT_CONSERVED = "positions do not add up to the stream"
    ROWS_AND_POSITION = "positions do not agree with the rows"
    VISITS = "the visits do not agree with the hits"
    LEDGER = "told to be stored, and not in the product's own ledger"


class Evidence(Struct, frozen=True, kw_only=True):
    """What was found: event ids in the stream and among the hits, and the numbers beside them."""

    stream: Counter[str]
    hits: Counter[str]
    visits_pageviews: int
    applied: int
    duplicates: int
    quarantined: int
    accounts: Accounts


async def gather(nats_url: str, database_url: str) -> Evidence:
    """Return the evidence, once everything has been projected."""
    connection = await connect_to_tables(database_url)
    try:
        hits = await connection.fetch("SELECT event_id::text AS id, count(*) AS times FROM hits GROUP BY 1")
        positions = await connection.fetchrow(
            "SELECT sum(applied) AS applied, sum(duplicates) AS duplicates, sum(quarantined) AS quarantined FROM positions"
        )
        pageviews = await connection.fetchval("SELECT coalesce(sum(pageviews), 0) FROM visits")
    finally:
        await connection.close()
    return Evidence(
        stream=Counter([id_ async for id_ in ids_in(nats_url)]),
        hits=Counter({row["id"]: row["times"] for row in hits}),
        visits_pageviews=int(pageviews),
        applied=int(positions["applied"]),
        duplicates=int(positions["duplicates"]),
        quarantined=int(positions["quarantined"]),
        accounts=await accounts(database_url),
    )


def broken_promises(ledger: Ledger, found: Evidence) -> list[tuple[Fault, str]]:
    """Return every promise that was broken, and what shows it; an empty list is the proof."""
    return list(_broken(ledger, found))


def _broken(ledger: Ledger, found: Evidence) -> Iterator[tuple[Fault, str]]:
    sent = ledger.stored | ledger.unknown
    sets: dict[Fault, Iterable[str]] = {
        Fault.NOT_STORED: ledger.stored - found.stream.keys(),
        Fault.LOST: ledger.stored - found.hits.keys(),
        Fault.NEVER_SENT: found.hits.keys() - sent,
        Fault.UNCOUNTED: found.stream.keys() - found.hits.keys(),
        Fault.COUNTED_TWICE: [id_ for id_, times in found.hits.items() if times > 1],
        Fault.STORED_TWICE: [id_ for id_, times in found.stream.items() if times > 1],
    }
    for fault, ids in sets.items():
        if listed := sorted(ids):
            yield fault, f"{len(listed)} events, such as {listed[0]}"
    yield from _unequal(found)
    first = found.accounts.first
    # More than was told is what a process that was killed at once may leave behind; less is nobody's to lose.
    if first is not None and first.missing:
        yield Fault.LEDGER, f"{first.missing} events of the hour from {first.hour:%H:00}"


def _unequal(found: Evidence) -> Iterator[tuple[Fault, str]]:
    messages, hits = found.stream.total(), found.hits.total()
    dealt_with = found.applied + found.duplicates + found.quarantined
    if dealt_with != messages:
        yield Fault.NOT_CONSERVED, f"{dealt_with} facts were dealt with, and the stream holds {messages}"
    if found.applied != hits:
        yield Fault.ROWS_AND_POSITION, f"{found.applied} facts were applied, and there are {hits} hits"
    if (repeats := messages - len(found.stream)) != found.duplicates:
        yield Fault.ROWS_AND_POSITION, f"{found.duplicates} facts were repeats, and the stream holds {repeats}"
    if found.visits_pageviews != hits:
        yield Fault.VISITS, f"the visits hold {found.visits_pageviews} pageviews, and there are {hits} hits"


async def ids_in(nats_url: str) -> AsyncIterator[str]:
    """Yield the id of every event in the stream, in its order."""
    async with Stream(nats_url, WEB) as stream:
        await stream.connect()
        messages = (await stream.identity()).messages
        async with stream.read_after(0) as reader:
            while messages > 0:
                batch = await reader.next_batch()
                messages -= len(batch)
                for item in batch:
                    assert isinstance(item, Sequenced), f"the stream holds what cannot be read, at {item.seq} of {STREAM}"
                    yield item.event.id
