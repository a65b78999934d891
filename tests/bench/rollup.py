"""Rollup: how soon a closed day of a site is fresh again after a late fact of it has been stored."""

import asyncio
import itertools
import time
from collections.abc import Sequence

import asyncpg
import nats
from nats.js import JetStreamContext

from contracts.codec import CODEC, type_of
from contracts.events import WebEvent
from contracts.streams import message_id, subject_of
from projections.projections import WEB
from tests.bench.facts import facts, fill_stream
from tests.bench.figure import Aim, Figure, figure
from tests.bench.stage import Stage
from tests.bench.world import World, fresh_database, run
from tests.projections.world import connect_to_tables, projecting

FACTS = 25_000
LATE = 5
POLL_SECONDS = 0.005
PATIENCE = 60.0
AIM = Aim(at_most=1000.0)
_DEALT_WITH = "SELECT coalesce(sum(applied), 0) FROM positions"
# Nothing is to be done, and something has been.
_FRESH = "SELECT coalesce(bool_and(state = 2), false) FROM site_days"


def measure(world: World) -> Sequence[Figure]:
    """Project a day of a site, and then one late fact of it after the other."""
    # A day's facts are one day's in a quick run, too: smaller ones say nothing.
    run(fill_stream(world.nats.url, FACTS, FACTS // 3))
    return run(_measure(world))


async def _measure(world: World) -> list[Figure]:
    client = await nats.connect(world.nats.url)
    # Those behind the ones that are in the stream already, each with an id of its own.
    late = itertools.islice(facts(FACTS + LATE, FACTS // 3), FACTS, None)
    async with fresh_database(world.postgres) as database_url:
        tables = await connect_to_tables(database_url)
        async with projecting(world.nats.url, database_url, projections=(WEB,)):
            began = time.perf_counter()
            await _until(tables, _DEALT_WITH, FACTS)
            projected = time.perf_counter()
            await _until(tables, _FRESH, True)
            first = time.perf_counter() - projected
            again = [await _waited(client.jetstream(), tables, fact) for fact in late]
        await tables.close()
    await client.close()
    return [
        figure(f"a day of {FACTS:,} facts, fresh after a late one is stored", again, "ms", aim=AIM),
        figure("the same, after its first batches", [first * 1e3], "ms"),
        figure("projecting it", [FACTS / (projected - began)], "events/s"),
    ]


async def _waited(jetstream: JetStreamContext, tables: asyncpg.Connection, fact: WebEvent) -> float:
    """Store *fact*, and return how many milliseconds later its day was fresh with it."""
    before = await tables.fetchval(_DEALT_WITH)
    subject = subject_of(fact.family, fact.tenant, fact.site, type_of(fact))
    await jetstream.publish(subject, CODEC.encode(fact), headers={"Nats-Msg-Id": message_id(fact.tenant, fact.site, fact.id)})
    stored = time.perf_counter()
    await _until(tables, _DEALT_WITH, before + 1)
    await _until(tables, _FRESH, True)
    return (time.perf_counter() - stored) * 1e3


async def _until(tables: asyncpg.Connection, query: str, wanted: object) -> None:
    deadline = time.monotonic() + PATIENCE
    while await tables.fetchval(query) != wanted:
        assert time.monotonic() < deadline, f"it never came to {wanted}: {query}"
        await asyncio.sleep(POLL_SECONDS)


STAGE = Stage(
    name="rollup",
    says=f"A closed day of a site with {FACTS:,} facts: from a late fact in the stream to rollups that have it.",
    measure=measure,
)
