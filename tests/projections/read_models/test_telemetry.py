"""What a day keeps of one person has an end, and is the same in any order and any batching."""

import random

import asyncpg

from contracts.events import ActionRecorded
from projections.projections import PRODUCT
from projections.read_models.telemetry import MOST_SEEN
from tests.facts_product import action
from tests.projections.telemetry import NOW
from tests.projections.world import Teller, chunks, connect_to_tables

NAMES = [f"{number:04}ø" for number in range(3 * MOST_SEEN)]


async def kept(database_url: str, facts: list[ActionRecorded], sizes: tuple[int, ...]) -> list[asyncpg.Record]:
    teller = Teller(database_url, PRODUCT)
    for batch in chunks(facts, sizes):
        await teller.tell(*batch)
    await teller.close()
    tables = await connect_to_tables(database_url, "product")
    try:
        return await tables.fetch("SELECT site, names, versions FROM telemetry_presences ORDER BY site")
    finally:
        await tables.close()


async def test_a_name_made_up_for_each_action_fills_no_row_without_end(database_url: str):
    facts = [action(name, at=NOW, subject="a" * 32, site=site) for site in ("one.example", "two.example") for name in NAMES]
    random.Random(7).shuffle(facts)
    one, two = await kept(database_url, facts, (1, 400, 37))
    assert one["names"] == two["names"] == NAMES[:MOST_SEEN]
