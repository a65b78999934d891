"""Numbers in the place of words, given by several projectors at once."""

import asyncio

from sqlalchemy.ext.asyncio import AsyncEngine

from projections.read_models.dictionaries import code
from projections.stream.item import Sequenced
from tests.facts import pageview
from tests.projections.world import Tables, until


async def test_two_partitions_that_meet_a_tenant_at_the_same_time_both_learn_its_number(tables: Tables, engine: AsyncEngine):
    first, second = (Sequenced(seq=1, message_id=site, event=pageview(site=site)) for site in ("one.example", "two.example"))

    async def other() -> int:
        async with engine.begin() as connection:
            return (await code(connection, [second]))[0].tenant

    async def waits() -> bool:
        asked = "SELECT EXISTS (SELECT FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND query LIKE '%tenant_ids%')"
        return bool(await tables.value(asked))

    async with engine.begin() as connection:
        own = (await code(connection, [first]))[0].tenant
        waiting = asyncio.create_task(other())
        await until(waits)
    assert await waiting == own
