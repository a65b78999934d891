"""Exactly once: whatever is repeated, killed or run twice, each fact counts one time."""

import asyncio
import random
from collections import Counter
from collections.abc import Sequence
from contextlib import AsyncExitStack
from datetime import UTC, date, datetime, timedelta

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncEngine

from contracts.events import Fact
from contracts.streams import stream_for
from projections.projections import WEB
from projections.projector.batch import apply, settle
from projections.projector.endings import Endings, SiteDay
from projections.projector.months import Months
from projections.projector.positions import Fenced, Position, hold_position, move_position, read_positions, start_position
from projections.projector.projectors import Projectors
from projections.projector.worker import BREATH_SECONDS, ENOUGH, FEW, breath
from projections.schema import BOOKS
from projections.stream import Stream
from projections.stream.item import Item, Sequenced
from tests.facts import NOON, engagement, event, pageview, traffic
from tests.projections.world import (
    CHECK,
    MODELS,
    Facts,
    Tables,
    accounts_agree,
    chunks,
    project_all,
    projecting,
    until,
    utc_now,
)


async def start(engine: AsyncEngine, facts: Facts) -> Position:
    """Return the first position of an empty database."""
    async with Stream(facts.nats_url, facts.stream) as stream:
        await stream.connect()
        position = Position(partition=0, partitions=1, stream_created=(await stream.identity()).created)
    async with engine.begin() as connection:
        await start_position(connection, position)
    return position


async def read_all(facts: Facts, count: int, *, after: int = 0) -> list[Item]:
    """Return the *count* messages behind *after*."""
    items: list[Item] = []
    async with Stream(facts.nats_url, facts.stream) as stream:
        await stream.connect()
        async with stream.read_after(after) as reader:
            while len(items) < count:
                items += await reader.next_batch()
    return items


async def test_facts_become_hits_and_visits(facts: Facts, tables: Tables, database_url: str):
    await facts.publish(pageview("/a"), event("signup"), engagement(1500))
    await project_all(facts, tables, database_url)
    assert await tables.rows("SELECT seq, kind, path, name, engaged_ms FROM hits ORDER BY seq") == [
        {"seq": 1, "kind": 1, "path": "/a", "name": "", "engaged_ms": 0},
        {"seq": 2, "kind": 2, "path": "/", "name": "signup", "engaged_ms": 0},
        {"seq": 3, "kind": 3, "path": "/", "name": "", "engaged_ms": 1500},
    ]
    assert await tables.rows("SELECT pageviews, events, interactions, engaged_ms, entry_path FROM visits") == [
        {"pageviews": 1, "events": 1, "interactions": 1, "engaged_ms": 1500, "entry_path": "/a"}
    ]


async def test_every_fact_ends_in_one_of_three_ways(facts: Facts, tables: Tables, database_url: str):
    repeated = pageview()
    await facts.publish(*traffic(50, seed=1), repeated)
    await facts.repeat(repeated)
    await facts.store(b"{}", "events.web.0.main.example/org.page_viewed/v1", "broken")
    await project_all(facts, tables, database_url)
    assert await tables.rows("SELECT seq, applied, duplicates, quarantined FROM positions") == [
        {"seq": 53, "applied": 51, "duplicates": 1, "quarantined": 1}
    ]
    assert (await tables.count("hits"), await tables.count("quarantine")) == (51, 1)


async def test_a_repeated_batch_changes_nothing(facts: Facts, tables: Tables, engine: AsyncEngine):
    await facts.publish(*traffic(60, seed=2))
    position, batch = await start(engine, facts), await read_all(facts, 60)
    await Months(engine, MODELS).prepare_for(batch)
    await apply(engine, MODELS, position, batch)
    once = await tables.digest()
    with pytest.raises(Fenced):
        await apply(engine, MODELS, position, batch)
    assert await tables.digest() == once


async def test_a_worker_that_commits_before_it_moves_the_position_would_be_noticed(
    facts: Facts, tables: Tables, engine: AsyncEngine
):
    async def commits_too_early(position: Position, batch: Sequence[Item], *, dies: bool) -> None:
        async with engine.begin() as connection:
            await hold_position(connection, position)
            endings = await settle(connection, MODELS, position.partition, batch)
        if dies:
            return
        async with engine.begin() as connection:
            await move_position(connection, position, position.after(batch, endings), endings)

    await facts.publish(*traffic(20, seed=12))
    position, batch = await start(engine, facts), await read_all(facts, 20)
    await Months(engine, MODELS).prepare_for(batch)
    await commits_too_early(position, batch, dies=True)
    await commits_too_early(position, batch, dies=False)
    assert not await accounts_agree(tables)


async def follow_without_lease(engine: AsyncEngine, facts: Facts, total: int, *, seed: int) -> Endings:
    """Do what a projector does, but trust no election; return what this one has committed."""
    chance, committed = random.Random(seed), Endings()
    months = Months(engine, MODELS)
    while True:
        async with engine.connect() as connection:
            position = (await read_positions(connection))[0]
        if position.seq == total:
            return committed
        for batch in chunks(await read_all(facts, total - position.seq, after=position.seq), [chance.randrange(1, 20)] * 30):
            await months.prepare_for(batch)
            try:
                position, endings = await apply(engine, MODELS, position, batch)
            except Fenced:
                break
            committed += endings


async def test_two_competing_workers_count_every_fact_once(facts: Facts, tables: Tables, engine: AsyncEngine):
    await facts.publish(*traffic(300, seed=3))
    await start(engine, facts)
    both = await asyncio.gather(*(follow_without_lease(engine, facts, 300, seed=seed) for seed in (1, 2)))
    assert sum(endings.applied for endings in both) == 300
    assert await tables.count("hits") == 300
    assert await tables.value("SELECT applied FROM positions") == 300


async def test_a_second_projector_stands_by_and_takes_over(facts: Facts, tables: Tables, database_url: str):
    async def dealt_with(count: int) -> bool:
        return await tables.dealt_with() == count

    async with projecting(facts.nats_url, database_url) as second:
        async with projecting(facts.nats_url, database_url):
            await facts.publish(*traffic(20, seed=4))
            await until(lambda: dealt_with(20), watching=second)
        await facts.publish(*traffic(20, seed=5))
        await until(lambda: dealt_with(40), watching=second)
    assert await tables.count("hits") == 40


async def test_a_retry_that_nats_has_forgotten_is_not_counted_twice(facts: Facts, tables: Tables, database_url: str):
    first = pageview(at=NOON)
    await facts.publish(first)
    await project_all(facts, tables, database_url)
    await facts.repeat(first)
    await project_all(facts, tables, database_url)
    assert await tables.rows("SELECT applied, duplicates FROM positions") == [{"applied": 1, "duplicates": 1}]
    assert await tables.value("SELECT pageviews FROM visits") == 1


async def test_each_partition_reads_its_own_stream_whole(stream_free_nats: str, tables: Tables, database_url: str):
    async with AsyncExitStack() as stack:
        streams = WEB.streams(2)
        pens = [await stack.enter_async_context(Facts(stream_free_nats, stream)) for stream in streams]
        sent = list(traffic(200, seed=6))
        for fact in sent:
            await pens[stream_for("web", fact.tenant, fact.site, partitions=2).partition].publish(fact)
        assert all([await pen.messages() for pen in pens]), "both have a part"

        async def done() -> bool:
            return await tables.dealt_with() == 200

        async with (
            projecting(stream_free_nats, database_url, partition=0, partitions=2) as one,
            projecting(stream_free_nats, database_url, partition=1, partitions=2),
        ):
            await until(done, watching=one)
    assert await tables.count("hits") == 200
    assert await tables.rows("SELECT partition, seq FROM positions ORDER BY partition") == [
        {"partition": number, "seq": seq} for number, seq in enumerate(seqs_of(sent))
    ]


def seqs_of(facts: Sequence[Fact]) -> list[int]:
    """Return how many of *facts* belong into each of two partitions."""
    counted = Counter(stream_for("web", fact.tenant, fact.site, partitions=2).partition for fact in facts)
    return [counted[0], counted[1]]


async def test_a_projection_whose_stream_is_not_there_yet_is_ready_and_begins_with_it(
    stream_free_nats: str, tables: Tables, database_url: str
):
    stop = asyncio.Event()
    async with Projectors(nats_url=stream_free_nats, database_url=database_url, projections=(WEB,)) as projectors:
        running = asyncio.create_task(projectors.run(stop, clock=utc_now))

        async def ready() -> bool:
            return projectors.checks() == {"projections": "", CHECK: ""}

        async def projected() -> bool:
            return await tables.dealt_with() == 3

        await until(ready, watching=running)
        assert await tables.count("positions") == 0
        async with Facts(stream_free_nats) as facts:
            await facts.publish(*traffic(3, seed=1))
            await until(projected, watching=running)
        stop.set()
        await running


async def test_totals_are_kept_by_tenant_and_add_up_to_the_position(facts: Facts, tables: Tables, database_url: str):
    late = NOON + timedelta(hours=1)
    repeated = pageview(tenant="other", received_at=late)
    await facts.publish(pageview(), pageview(), repeated, pageview(batch="logs", received_at=late), pageview("/\0"))
    await facts.repeat(repeated)
    await facts.store(b"{}", "events.web.1.third.shop/example.page_viewed/v1", "broken")
    await project_all(facts, tables, database_url)
    received = pageview().received_at
    assert await tables.rows("SELECT * FROM totals ORDER BY tenant") == [
        {"tenant": "main", "partition": 0, "applied": 3, "duplicates": 0, "quarantined": 1, "received_at": received},
        {"tenant": "other", "partition": 0, "applied": 1, "duplicates": 1, "quarantined": 0, "received_at": late},
        {"tenant": "third", "partition": 0, "applied": 0, "duplicates": 0, "quarantined": 1, "received_at": None},
    ]
    assert await tables.rows("SELECT applied, duplicates, quarantined, received_at FROM positions") == [
        {"applied": 4, "duplicates": 1, "quarantined": 2, "received_at": late}
    ]


async def test_a_batch_says_which_days_of_which_sites_it_touched(facts: Facts, engine: AsyncEngine):
    at = datetime(2026, 11, 20, 23, 59, tzinfo=UTC)
    repeated = pageview(at=at)
    await facts.publish(
        repeated, pageview(at=at, site="b.example", salt_day=date(2026, 11, 21)), pageview("/\0", site="c.example")
    )
    await facts.repeat(repeated)
    position, batch = await start(engine, facts), await read_all(facts, 4)
    await Months(engine, MODELS).prepare_for([item for item in batch if isinstance(item, Sequenced)])
    position, endings = await apply(engine, MODELS, position, batch[:3])
    assert endings.touched == {
        SiteDay("main", "example.org", date(2026, 11, 20)),
        SiteDay("main", "b.example", date(2026, 11, 20)),
    }, "the day on which it happened, whichever salt made the visitor's id"
    _, endings = await apply(engine, MODELS, position, batch[3:])
    assert endings.touched == frozenset(), "a repeat changes nothing"


async def test_a_fact_that_names_nobody_is_a_hit_and_no_visit(facts: Facts, tables: Tables, database_url: str):
    await facts.publish(pageview(visitor=""), pageview())
    await project_all(facts, tables, database_url)
    assert await tables.count("hits") == 2
    assert await tables.rows("SELECT pageviews FROM visits") == [{"pageviews": 1}]


async def test_the_sql_of_a_generation_sees_its_own_schema_alone(
    facts: Facts, tables: Tables, database_url: str, engine: AsyncEngine
):
    for table in (*WEB.relations, *BOOKS.sorted_tables):
        await tables.connection.execute(f"CREATE TABLE public.{table.name} (trap int CHECK (trap > 0) NOT NULL)")
    await facts.publish(*traffic(20, seed=9))
    await project_all(facts, tables, database_url)
    assert await tables.count("hits") == 20
    assert await tables.count("public.hits") == 0
    async with engine.connect() as connection:
        with pytest.raises(DBAPIError):
            await connection.execute(text("SELECT * FROM generations"))


def test_others_are_waited_for_only_where_some_have_come_and_not_enough():
    assert breath(FEW - 1, 0.0) == 0.0, "who has sent one event and looks for it finds it at once"
    assert breath(FEW, 0.05) == pytest.approx(BREATH_SECONDS - 0.05)
    assert breath(ENOUGH, 0.0) == 0.0, "what waits in thousands is fetched as fast as it can be"
    assert breath(FEW, 2 * BREATH_SECONDS) == 0.0
