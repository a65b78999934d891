"""Actions, subjects and stays: whatever the order and the batches in which facts come, the rows are the same."""

import random
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import timedelta

import pytest
from sqlalchemy import text

from contracts.events import ProductEvent
from projections.database import open_engine
from projections.projections import PRODUCT
from projections.read_models import actions, subjects
from tests.facts import NOON
from tests.facts_product import CARL, DORA, SITE, action, described
from tests.projections.world import Tables, Teller, chunks, connect_to_tables, read_generation

Tell = Callable[..., Awaitable[None]]
MINUTE = timedelta(minutes=1)


@pytest.fixture
async def tables(database_url: str) -> AsyncIterator[Tables]:
    connection = await connect_to_tables(database_url, "product")
    yield Tables(connection, PRODUCT)
    await connection.close()


@pytest.fixture
async def tell(database_url: str) -> AsyncIterator[Tell]:
    """Fold facts into the tables as one batch of the projector."""
    teller = Teller(database_url, PRODUCT)
    yield teller.tell
    await teller.close()


FACTS: list[ProductEvent] = [
    action("a", at=NOON),
    action("b", at=NOON + 29 * MINUTE),
    action("c", at=NOON + 59 * MINUTE),
    action("late", at=NOON + 90 * MINUTE),
    described(at=NOON + 5 * MINUTE, plan="free", seats=1),
    described(at=NOON + 40 * MINUTE, plan="pro"),
    described(at=NOON + 40 * MINUTE, plan="team", city="Oslo"),
    action("a", at=NOON - 200 * MINUTE, subject=DORA, props={"plan": "pro", "deep.er": 1.5}),
    action("a", at=NOON + timedelta(days=40), subject=DORA),
    action("nobody", subject=""),
]
ROWS = "SELECT subject, first_seen, last_seen, actions, descriptions, stays, traits::text FROM subjects ORDER BY subject"
STAYS = "SELECT subject, opened_at, closed_at, actions FROM stays ORDER BY subject, opened_at"


async def everything(tables: Tables) -> list[object]:
    kept = [await tables.rows(query) for query in (ROWS, STAYS, "SELECT told::text FROM subjects ORDER BY subject")]
    return [*kept, await tables.rows("SELECT name, subject, occurred_at FROM actions ORDER BY event_id")]


async def test_what_is_known_of_a_subject_follows_the_time_of_facts_and_not_their_arrival(tables: Tables, tell: Tell):
    await tell(*FACTS)
    carl, dora = await tables.rows(ROWS)
    assert carl == {
        "subject": CARL,
        "first_seen": NOON,
        "last_seen": NOON + 90 * MINUTE,
        "actions": 4,
        "descriptions": 3,
        "stays": 2,
        "traits": '{"city": "Oslo", "plan": "team", "seats": 1}',
    }
    assert (dora["actions"], dora["stays"]) == (2, 2)
    stays = [(row["opened_at"], row["closed_at"], row["actions"]) for row in await tables.rows(STAYS) if row["subject"] == CARL]
    assert stays == [(NOON, NOON + 59 * MINUTE, 3), (NOON + 90 * MINUTE, NOON + 90 * MINUTE, 1)]
    assert await tables.count("actions") == 7


async def test_any_order_and_any_batches_leave_the_same_rows(tables: Tables, tell: Tell):
    await tell(*FACTS)
    as_they_happened = await everything(tables)
    for seed in range(4):
        for table in ("seen_events", *(table.name for table in PRODUCT.tables)):
            await tables.rows(f"DELETE FROM {table}")
        for batch in chunks(random.Random(seed).sample(FACTS, len(FACTS)), [1, seed + 1, 2]):
            await tell(*batch)
        assert await everything(tables) == as_they_happened


async def test_a_fact_that_comes_twice_counts_once(tables: Tables, tell: Tell):
    await tell(*FACTS)
    before = await everything(tables)
    await tell(*FACTS[:5])
    assert await everything(tables) == before


async def test_a_subject_is_erased_from_every_table_also_where_they_are_a_device(tables: Tables, tell: Tell, database_url: str):
    await tell(*FACTS, action("on a device", subject=DORA, device=CARL))
    engine = open_engine(database_url, schema=(await read_generation(database_url, "product")).schema)
    async with engine.begin() as connection:
        gone = [await model.erase_subject(connection, "main", SITE, CARL) for model in (actions, subjects)]
    assert gone == [5, 3]
    assert {row["subject"] for row in await tables.rows(ROWS)} == {DORA}
    async with engine.begin() as connection:
        for model in PRODUCT.models:
            assert model.erase_site is not None
            await model.erase_site(connection, "main", SITE)
        left = [await connection.scalar(text(f"SELECT count(*) FROM {table.name}")) for table in PRODUCT.tables]
    await engine.dispose()
    assert set(left) == {0}
