"""A rebuild gives back every byte that the live run wrote, whatever the batches were, and loses nothing unasked."""

import asyncio
import random
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from contracts.streams import stream_for, streams_of
from projections import generations
from projections.database import open_engine
from projections.generations import Generation, Removal, State, retire
from projections.migrations import begin_generation
from projections.projections import WEB
from projections.projector.batch import apply
from projections.projector.claim import AnotherBackfill, claimed
from projections.projector.halt import Halted
from projections.projector.months import Months
from projections.projector.positions import Position, start_position
from projections.projector.rebuild import HistoryWouldBeLost, Progress, backfill
from projections.stream import Stream
from tests.facts import NOON, pageview, traffic
from tests.projections.world import MODELS, Facts, Tables, chunks, project_all, projecting, until, utc_now


async def fill(facts: Facts) -> None:
    """Store people, robots, late facts, repeats and poison, in an order that has nothing to do with their times."""
    stored = list(traffic(400, seed=77))
    imported = pageview(at=NOON.replace(year=2015), batch="import of 2015")
    poison = pageview("/\0")
    await facts.publish(*stored[:250], imported, poison)
    for repeated in (*stored[10:20], imported):
        await facts.repeat(repeated)
    await facts.store(b"?", "events.web.0.main.example/org.page_viewed/v1", "broken")
    await facts.publish(*stored[250:])


async def project_in_batches_of_chance(facts: Facts, database_url: str, *, seed: int) -> None:
    """Fold the stream as a live projector might have: a few facts at a time."""
    chance, engine = random.Random(seed), open_engine(database_url, schema="web_g1")
    months = Months(engine, MODELS)
    async with Stream(facts.nats_url, facts.stream) as stream:
        await stream.connect()
        identity = await stream.identity()
        position = Position(partition=0, partitions=1, stream_created=identity.created)
        async with engine.begin() as connection:
            await start_position(connection, position)
        async with stream.read_after(0) as reader:
            while position.seq < identity.last_seq:
                for batch in chunks(await reader.next_batch(), [chance.randrange(1, 40) for _ in range(100)]):
                    await months.prepare_for([item for item in batch if hasattr(item, "event")])
                    position, _ = await apply(engine, MODELS, position, batch)
    await engine.dispose()


async def rebuild(facts: Facts, tables: Tables, database_url: str, **options: Any) -> Progress:
    """Compute everything again, and look at the outcome."""
    try:
        web = {"projections": (WEB,)} | options
        return await backfill(nats_url=facts.nats_url, database_url=database_url, clock=utc_now, **web)
    finally:
        await tables.turn_to_current()


async def schemas(tables: Tables) -> list[str]:
    return [
        row["nspname"]
        for row in await tables.rows("SELECT nspname FROM pg_namespace WHERE nspname ~ '^web_g[0-9]+$' ORDER BY 1")
    ]


@pytest.mark.parametrize("seed", [1, 2])
async def test_a_rebuild_equals_the_live_run_byte_for_byte(facts: Facts, tables: Tables, database_url: str, seed: int):
    await fill(facts)
    await project_in_batches_of_chance(facts, database_url, seed=seed)
    live = await tables.digest()
    assert await tables.rows("SELECT applied, duplicates, quarantined FROM positions") == [
        {"applied": 401, "duplicates": 11, "quarantined": 2}
    ]
    await rebuild(facts, tables, database_url)
    assert await tables.digest() == live


async def test_the_digest_notices_a_single_changed_byte(facts: Facts, tables: Tables, database_url: str):
    await facts.publish(*traffic(20, seed=3))
    await project_all(facts, tables, database_url)
    before = await tables.digest()
    await tables.connection.execute("UPDATE pages SET path = path || 'x' WHERE path = '/1'")
    assert await tables.digest() != before


async def test_a_rebuild_beside_a_running_projector_is_done_by_it(facts: Facts, tables: Tables, database_url: str):
    await fill(facts)

    async def done() -> bool:
        return await tables.dealt_with() == 414

    async with projecting(facts.nats_url, database_url) as running:
        await until(done, watching=running)
        before = await tables.digest()
        end = await rebuild(facts, tables, database_url)
        assert end == Progress(done=414, total=414)
        assert await tables.digest() == before
        assert not running.done()


async def test_progress_only_grows_and_ends_at_its_total(facts: Facts, tables: Tables, database_url: str):
    await facts.publish(*traffic(100, seed=4))
    seen: list[Progress] = []
    await rebuild(facts, tables, database_url, report=seen.append)
    assert [progress.done for progress in seen] == sorted(progress.done for progress in seen)
    assert seen[-1] == Progress(done=100, total=100)
    assert await tables.count("hits") == 100


async def test_an_empty_stream_is_rebuilt_at_once(facts: Facts, tables: Tables, database_url: str):
    assert await rebuild(facts, tables, database_url) == Progress(done=0, total=0)
    assert await tables.count("hits") == 0


async def test_a_rebuild_of_one_partition_waits_for_the_projectors_of_the_others(
    stream_free_nats: str, tables: Tables, database_url: str
):
    async with AsyncExitStack() as stack:
        pens = [await stack.enter_async_context(Facts(stream_free_nats, stream)) for stream in streams_of(partitions=2)]
        for fact in traffic(100, seed=5):
            await pens[stream_for("web", fact.tenant, fact.site, partitions=2).partition].publish(fact)
        await rebuild(pens[0], tables, database_url, partitions=2)
        before = await tables.digest()
        async with projecting(stream_free_nats, database_url, partition=1, partitions=2):
            end = await rebuild(pens[0], tables, database_url, partition=0, partitions=2)
    assert end == Progress(done=100, total=100)
    assert await schemas(tables) == ["web_g2"]
    assert await tables.digest() == before


async def test_streams_that_fewer_partitions_would_leave_unread_are_not_called_lost(
    stream_free_nats: str, tables: Tables, database_url: str
):
    async with AsyncExitStack() as stack:
        pens = [await stack.enter_async_context(Facts(stream_free_nats, stream)) for stream in streams_of(partitions=2)]
        for fact in traffic(60, seed=5):
            await pens[stream_for("web", fact.tenant, fact.site, partitions=2).partition].publish(fact)
        await rebuild(pens[0], tables, database_url, partitions=2)
        for accept_loss in (False, True):
            with pytest.raises(Halted, match=r"made with 2 partition.* Set it back\.$"):
                await rebuild(pens[0], tables, database_url, partitions=1, accept_loss=accept_loss)
    assert await schemas(tables) == ["web_g1"]
    assert await tables.count("hits") == 60


async def test_a_rebuild_leaves_one_generation_the_next(facts: Facts, tables: Tables, database_url: str):
    await facts.publish(*traffic(10, seed=5))
    await rebuild(facts, tables, database_url)
    assert await schemas(tables) == ["web_g1"], "what has counted nothing need not be replaced"
    await rebuild(facts, tables, database_url)
    assert await schemas(tables) == ["web_g2"]
    listed = "SELECT schema_name, state FROM generations WHERE projection = 'web'"
    assert await tables.rows(listed) == [{"schema_name": "web_g2", "state": "current"}]


async def test_a_second_rebuild_of_the_same_is_refused_meanwhile(facts: Facts, tables: Tables, database_url: str):
    await facts.publish(*traffic(10, seed=5))
    await project_all(facts, tables, database_url)
    engine = open_engine(database_url)
    async with claimed(engine, "web"):
        with pytest.raises(AnotherBackfill, match="try again"):
            await rebuild(facts, tables, database_url)
    await engine.dispose()
    assert await schemas(tables) == ["web_g1"]


async def test_what_a_dead_rebuild_has_left_is_taken_away(facts: Facts, tables: Tables, database_url: str):
    await facts.publish(*traffic(10, seed=5))
    await project_all(facts, tables, database_url)
    engine = open_engine(database_url)
    async with engine.begin() as connection:
        await begin_generation(connection, WEB, State.BUILDING)
    await engine.dispose()
    assert await schemas(tables) == ["web_g1", "web_g2"]

    async def gone() -> bool:
        return await schemas(tables) == ["web_g1"]

    async with projecting(facts.nats_url, database_url) as running:
        await until(gone, watching=running)


async def test_a_rebuild_that_halts_leaves_what_is_read_as_it_was(facts: Facts, tables: Tables, database_url: str):
    await facts.publish(*traffic(10, seed=5))
    await project_all(facts, tables, database_url)
    before = await tables.digest()
    await facts.store(b'{"type": "page_viewed.v99"}', facts.subject_for(pageview()), "newer")
    with pytest.raises(Halted):
        await rebuild(facts, tables, database_url)
    assert await tables.digest() == before
    assert await schemas(tables) == ["web_g1"]


async def test_history_that_is_not_in_the_stream_any_more_is_not_lost_unasked(facts: Facts, tables: Tables, database_url: str):
    await facts.publish(*traffic(10, seed=6))
    await project_all(facts, tables, database_url)
    for seq in (1, 2, 3):
        await facts.erase(seq)
    before = await tables.digest()
    with pytest.raises(HistoryWouldBeLost, match="accept-loss"):
        await rebuild(facts, tables, database_url)
    assert await tables.digest() == before
    await rebuild(facts, tables, database_url, accept_loss=True)
    assert await tables.count("hits") == 7


async def test_a_stream_that_was_made_again_does_not_replace_history_unasked(facts: Facts, tables: Tables, database_url: str):
    await facts.publish(*traffic(10, seed=6))
    await project_all(facts, tables, database_url)
    await facts.delete_stream()
    await facts.create_stream()
    await facts.publish(*traffic(20, seed=7))
    with pytest.raises(HistoryWouldBeLost):
        await rebuild(facts, tables, database_url)
    assert await tables.count("hits") == 10


async def test_a_stream_that_lost_its_end_and_grew_again_does_not_replace_history_unasked(
    facts: Facts, tables: Tables, database_url: str
):
    await facts.publish(*traffic(10, seed=6))
    await project_all(facts, tables, database_url)
    # As if the tables had read another event there than the one that the stream holds now.
    await tables.connection.execute("UPDATE positions SET message_id = 'another'")
    before = await tables.digest()
    with pytest.raises(HistoryWouldBeLost):
        await rebuild(facts, tables, database_url)
    assert await tables.digest() == before
    await rebuild(facts, tables, database_url, accept_loss=True)
    assert await tables.count("hits") == 10


@pytest.fixture
async def given_up(facts: Facts, tables: Tables, database_url: str) -> Generation:
    """A generation that a rebuild has left, beside the one that is read."""
    await facts.publish(*traffic(10, seed=5))
    await project_all(facts, tables, database_url)
    return await abandon(database_url)


async def abandon(database_url: str) -> Generation:
    engine = open_engine(database_url)
    async with engine.begin() as connection:
        made = await begin_generation(connection, WEB, State.BUILDING)
    async with engine.begin() as connection:
        await retire(connection, made)
    await engine.dispose()
    return made


@pytest.fixture
async def unbound(database_url: str) -> AsyncIterator[AsyncEngine]:
    """An engine whose unqualified names mean what is shared."""
    engine = open_engine(database_url)
    yield engine
    await engine.dispose()


async def test_a_removal_that_comes_late_spares_a_generation_that_has_taken_the_name(
    given_up: Generation, tables: Tables, unbound: AsyncEngine, database_url: str
):
    assert await Removal().step(unbound, ["web"])
    again = await abandon(database_url)
    assert again.schema == given_up.schema
    # As by a projector that saw the first one listed, and was overtaken before it came to remove it.
    await generations._remove(unbound, given_up)
    assert await schemas(tables) == ["web_g1", again.schema]


async def test_a_removal_does_not_wait_for_whoever_uses_a_table(given_up: Generation, tables: Tables, unbound: AsyncEngine):
    removal = Removal()
    async with AsyncExitStack() as stack:
        async with unbound.connect() as reader:
            await reader.execute(text("SELECT 1"))
            assert not await removal.step(unbound, ["web"])
            # It begins after the retirement, so it is no reader that is waited for.
            dump = await stack.enter_async_context(unbound.connect())
            await dump.execute(text(f"LOCK TABLE {given_up.schema}.hits IN ACCESS SHARE MODE"))
        async with asyncio.timeout(5):
            assert not await removal.step(unbound, ["web"])
    assert await removal.step(unbound, ["web"])
    assert await schemas(tables) == ["web_g1"]
