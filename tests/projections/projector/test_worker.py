"""Exactly once: whatever is repeated, killed or run twice, each fact counts one time."""

import asyncio
import random
from collections.abc import Sequence

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from projections.projector.batch import Outcome, project
from projections.projector.months import Months
from projections.projector.positions import Fenced, Position, hold_position, move_position, read_positions, start_position
from projections.projector.worker import apply
from projections.stream import Stream
from projections.stream.item import Item
from tests.facts import NOON, engagement, event, pageview, traffic
from tests.projections.world import Facts, Tables, accounts_agree, chunks, project_all, projecting, until


async def start(engine: AsyncEngine, facts: Facts) -> Position:
    """Return the first position of an empty database."""
    async with Stream(facts.nats_url) as stream:
        await stream.connect()
        position = Position(partition=0, partitions=1, stream_created=(await stream.identity()).created)
    async with engine.begin() as connection:
        await start_position(connection, position)
    return position


async def read_all(facts: Facts, count: int, *, after: int = 0) -> list[Item]:
    """Return the *count* messages behind *after*."""
    items: list[Item] = []
    async with Stream(facts.nats_url) as stream:
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
    await facts.store(b"{}", "events.v1.0.main.example/org.page_viewed/v1", "broken")
    await project_all(facts, tables, database_url)
    assert await tables.rows("SELECT seq, applied, duplicates, quarantined FROM positions") == [
        {"seq": 53, "applied": 51, "duplicates": 1, "quarantined": 1}
    ]
    assert (await tables.count("hits"), await tables.count("quarantine")) == (51, 1)


async def test_a_repeated_batch_changes_nothing(facts: Facts, tables: Tables, engine: AsyncEngine):
    await facts.publish(*traffic(60, seed=2))
    position, batch = await start(engine, facts), await read_all(facts, 60)
    await Months(engine).prepare_for(batch)
    await apply(engine, position, batch)
    once = await tables.digest()
    with pytest.raises(Fenced):
        await apply(engine, position, batch)
    assert await tables.digest() == once


async def test_a_worker_that_commits_before_it_moves_the_position_would_be_noticed(
    facts: Facts, tables: Tables, engine: AsyncEngine
):
    async def commits_too_early(position: Position, batch: Sequence[Item], *, dies: bool) -> None:
        async with engine.begin() as connection:
            await hold_position(connection, position)
            outcome = await project(connection, batch)
        if dies:
            return
        async with engine.begin() as connection:
            await move_position(connection, position, position.behind(batch, outcome))

    await facts.publish(*traffic(20, seed=12))
    position, batch = await start(engine, facts), await read_all(facts, 20)
    await Months(engine).prepare_for(batch)
    await commits_too_early(position, batch, dies=True)
    await commits_too_early(position, batch, dies=False)
    assert not await accounts_agree(tables)


async def follow_without_lease(engine: AsyncEngine, facts: Facts, total: int, *, seed: int) -> Outcome:
    """Do what a projector does, but trust no election; return what this one has committed."""
    chance, committed = random.Random(seed), Outcome()
    months = Months(engine)
    while True:
        async with engine.connect() as connection:
            position = (await read_positions(connection))[0]
        if position.seq == total:
            return committed
        for batch in chunks(await read_all(facts, total - position.seq, after=position.seq), [chance.randrange(1, 20)] * 30):
            await months.prepare_for(batch)
            try:
                position, outcome = await apply(engine, position, batch)
            except Fenced:
                break
            committed += outcome


async def test_two_competing_workers_count_every_fact_once(facts: Facts, tables: Tables, engine: AsyncEngine):
    await facts.publish(*traffic(300, seed=3))
    await start(engine, facts)
    both = await asyncio.gather(*(follow_without_lease(engine, facts, 300, seed=seed) for seed in (1, 2)))
    assert sum(outcome.applied for outcome in both) == 300
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


async def test_partitions_share_the_sites_and_nothing_is_counted_twice(facts: Facts, tables: Tables, database_url: str):
    await facts.publish(*traffic(200, seed=6))

    async def done() -> bool:
        return await tables.dealt_with() == 200

    async with (
        projecting(facts.nats_url, database_url, partition=0, partitions=2) as one,
        projecting(facts.nats_url, database_url, partition=1, partitions=2),
    ):
        await until(done, watching=one)
    assert await tables.count("hits") == 200
