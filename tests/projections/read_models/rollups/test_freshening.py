"""Whatever happens while a day is computed, killed, overtaken, erased or done twice, no half-old row is ever fresh."""

import asyncio
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from projections.database import open_engine
from projections.generations import State as GenerationState
from projections.migrations import begin_generation
from projections.projections import WEB
from projections.projector import freshening
from projections.projector.batch import settle
from projections.projector.freshening import Claim, Overtaken, claim, dirty_days, freshen, freshen_all, is_staler
from projections.projector.positions import hold_position, read_positions
from projections.read_models.rollups import marking
from projections.stream.item import Sequenced
from tests.facts import BERT, NOON, pageview, traffic
from tests.projections.read_models.rollups.added import both
from tests.projections.world import MODELS, Tables, Teller, until

TODAY = NOON.date() + timedelta(days=1)
TONIGHT = datetime(TODAY.year, TODAY.month, TODAY.day, tzinfo=UTC)


async def claim_all(engine: AsyncEngine) -> Claim:
    """Claim every dirty day."""
    async with engine.connect() as connection:
        dirty = await dirty_days(connection, TODAY, most=100)
    return await claim(engine, dirty.oldest)


async def state(tables: Tables) -> list[int]:
    return [row["state"] for row in await tables.rows("SELECT state FROM site_days ORDER BY site, day")]


async def holds_true(engine: AsyncEngine) -> bool:
    """Tell whether all rollups are what their days add up to."""
    are, should_be = await both(engine, before=TONIGHT)
    return are == should_be


async def test_a_day_that_is_touched_while_it_is_computed_stays_dirty(engine: AsyncEngine, teller: Teller, tables: Tables):
    await teller.tell(pageview("/a"), pageview("/a", site="b.example"))
    claimed = await claim_all(engine)
    await teller.tell(pageview("/late", visitor=BERT))
    with pytest.raises(Overtaken):
        await freshen(engine, claimed)
    assert sorted(await state(tables)) == [0, 1]
    assert await tables.count("slots") == 0, "nothing was kept of it"
    assert await freshen_all(engine, TODAY) == 2
    assert await holds_true(engine)


async def test_who_does_not_ask_again_whether_the_day_was_touched_serves_half_old_rows(
    engine: AsyncEngine, teller: Teller, monkeypatch: pytest.MonkeyPatch
):
    compute = freshening.compute

    async def trust(*_: object) -> None:
        """Ask nobody."""

    async def and_meanwhile(*arguments: Any, **options: Any) -> Any:
        many = await compute(*arguments, **options)
        await teller.tell(pageview("/late", visitor=BERT))
        return many

    await teller.tell(pageview("/a"))
    monkeypatch.setattr(freshening, "compute", and_meanwhile)
    with pytest.raises(Overtaken):
        await freshen(engine, await claim_all(engine))
    monkeypatch.setattr(freshening, "confirm", trust)
    await freshen(engine, await claim_all(engine))
    assert not await holds_true(engine), "the control: without that question the other tests would prove nothing"


async def test_who_is_killed_between_claim_and_rows_leaves_a_day_that_the_next_one_computes(
    engine: AsyncEngine, teller: Teller, tables: Tables
):
    await teller.tell(pageview("/a"))
    await claim_all(engine)
    assert await state(tables) == [1]
    assert await freshen_all(engine, TODAY) == 1
    assert await state(tables) == [2]
    assert await holds_true(engine)


async def test_who_is_killed_while_rows_are_written_leaves_those_of_before(engine: AsyncEngine, teller: Teller, tables: Tables):
    await teller.tell(pageview("/a"))
    await freshen_all(engine, TODAY)
    before = await tables.rows("SELECT * FROM slots")
    await teller.tell(pageview("/late", visitor=BERT))
    claimed = await claim_all(engine)
    async with engine.connect() as connection:
        await connection.begin()
        await freshening.compute(connection, claimed.days, most=9)
        pid = await connection.scalar(text("SELECT pg_backend_pid()"))
        await tables.rows("SELECT pg_terminate_backend($1)", pid)
        await connection.invalidate()
    assert (await tables.rows("SELECT * FROM slots"), await state(tables)) == (before, [1])
    await freshen_all(engine, TODAY)
    assert await holds_true(engine)


async def test_a_claim_waits_for_the_batch_that_is_under_way(engine: AsyncEngine, teller: Teller, tables: Tables):
    await teller.tell(pageview("/a"))
    late = Sequenced(seq=2, message_id="", event=pageview("/late", visitor=BERT))

    async def is_waiting() -> bool:
        return bool(await tables.value("SELECT count(*) FROM pg_locks WHERE NOT granted"))

    async with engine.begin() as batch:
        await hold_position(batch, (await read_positions(batch))[0])
        await settle(batch, MODELS, 0, [late])
        claiming = asyncio.create_task(claim_all(engine))
        await until(is_waiting)
    await freshen(engine, await claiming)
    assert await state(tables) == [2]
    assert await holds_true(engine)


async def test_whoever_computes_keeps_no_batch_waiting(engine: AsyncEngine, teller: Teller):
    await teller.tell(pageview("/a"))
    claimed = await claim_all(engine)
    async with engine.begin() as connection:
        await freshening.compute(connection, claimed.days, most=9)
        async with asyncio.timeout(20):
            await teller.tell(pageview("/late", visitor=BERT))


async def test_who_was_overtaken_by_another_worker_keeps_nothing(engine: AsyncEngine, teller: Teller, tables: Tables):
    await teller.tell(pageview("/a"))
    slow = await claim_all(engine)
    await teller.tell(pageview("/late", visitor=BERT))
    quick = await claim_all(engine)
    with pytest.raises(Overtaken):
        await freshen(engine, slow)
    await freshen(engine, quick)
    with pytest.raises(Overtaken):
        await freshen(engine, slow)
    assert await state(tables) == [2]
    assert await holds_true(engine)


async def test_several_workers_at_once_beside_a_projector_leave_every_row_once(engine: AsyncEngine, teller: Teller):
    facts = [*traffic(240, seed=8, visitors=6, days=3)]

    async def work() -> None:
        for _ in range(4):
            try:
                await freshen_all(engine, TODAY, at_once=3)
            except Overtaken:
                continue

    async def project() -> None:
        for start in range(0, len(facts), 40):
            await teller.tell(*facts[start : start + 40])

    await asyncio.gather(project(), work(), work())
    await freshen_all(engine, TODAY)
    assert await holds_true(engine)


async def test_a_site_that_is_erased_while_its_day_is_computed_leaves_nothing(
    engine: AsyncEngine, teller: Teller, tables: Tables
):
    await teller.tell(pageview("/secret"))
    claimed = await claim_all(engine)
    async with engine.begin() as connection:
        for model in MODELS:
            if model.erase_site is not None:
                await model.erase_site(connection, "main", "example.org")
    with pytest.raises(Overtaken):
        await freshen(engine, claimed)
    for table in marking.OF_A_SITE:
        assert await tables.count(table.name) == 0, table.name


async def test_who_is_made_is_staler_only_where_what_is_read_is_fresh(
    engine: AsyncEngine, teller: Teller, tables: Tables, database_url: str
):
    await teller.tell(pageview("/a"), pageview("/a", site="b.example"))
    await freshen_all(engine, TODAY)
    everywhere = open_engine(database_url)
    async with everywhere.begin() as connection:
        made = await begin_generation(connection, WEB, GenerationState.BUILDING)
    await everywhere.dispose()

    async def is_now(today: date = TODAY) -> bool:
        async with engine.connect() as connection:
            return await is_staler(connection, made.schema, "web_g1", today)

    assert not await is_now()
    # Its numbers are others'.
    await tables.connection.execute(f"""
        INSERT INTO {made.schema}.site_ids (owner, tenant, site) VALUES (1, 'main', 'b.example'), (1, 'main', 'example.org');
        INSERT INTO {made.schema}.site_days SELECT 1, id, '{NOON.date()}', 0, 0, 0, '{{}}' FROM {made.schema}.site_ids
    """)
    assert await is_now()
    assert not await is_now(NOON.date()), "a day that is not over is fresh nowhere"
    await teller.tell(pageview("/late"), pageview("/late", site="b.example"))
    assert not await is_now()
