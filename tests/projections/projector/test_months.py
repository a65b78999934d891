"""A month gets its partitions when its first fact comes, however many ask at once and however old it is."""

import asyncio
from datetime import UTC, date, datetime

from sqlalchemy.ext.asyncio import AsyncEngine

from projections.projector.months import Months
from projections.stream.item import Sequenced
from tests.facts import pageview
from tests.projections.world import MODELS, Facts, Tables, project_all

PARTITIONS = "SELECT relid::regclass::text FROM pg_partition_tree('{}') WHERE isleaf ORDER BY 1"


def at(*moment: int, **fields: object) -> Sequenced:
    """Return a fact of that moment."""
    return Sequenced(seq=1, message_id="", event=pageview(at=datetime(*moment, tzinfo=UTC), **fields))


async def partitions(tables: Tables, table: str) -> list[str]:
    return [row["relid"] for row in await tables.rows(PARTITIONS.format(table))]


async def test_each_month_of_a_batch_gets_a_partition(tables: Tables, engine: AsyncEngine):
    await Months(engine, MODELS).prepare_for(
        [at(2015, 1, 31), at(2015, 2, 1), at(2026, 12, 31, 23, 59, salt_day=date(2027, 1, 1))]
    )
    assert await partitions(tables, "coded_hits") == [f"coded_hits_{month}" for month in ("2015_01", "2015_02", "2026_12")]
    assert await partitions(tables, "coded_visits") == [f"coded_visits_{month}" for month in ("2015_01", "2015_02", "2026_12")]


async def test_many_may_ask_for_a_month_at_once(tables: Tables, engine: AsyncEngine):
    await asyncio.gather(*(Months(engine, MODELS).prepare_for([at(2026, month, 1) for month in (3, 1, 2)]) for _ in range(4)))
    assert len(await partitions(tables, "coded_hits")) == 3


async def test_a_fact_at_the_last_instant_of_a_year_is_in_its_month(facts: Facts, tables: Tables, database_url: str):
    await facts.publish(pageview(at=datetime(2015, 12, 31, 23, 59, 59, 999_999, tzinfo=UTC)))
    await project_all(facts, tables, database_url)
    assert await tables.count("coded_hits_2015_12") == 1


async def test_a_partition_that_went_away_is_made_again(facts: Facts, tables: Tables, database_url: str):
    await facts.publish(pageview())
    await project_all(facts, tables, database_url)
    await tables.connection.execute("DROP TABLE coded_hits_2026_11, coded_visits_2026_11")
    await facts.publish(pageview())
    await project_all(facts, tables, database_url)
    assert await tables.rows("SELECT quarantined FROM positions") == [{"quarantined": 0}]


async def test_readers_go_on_while_a_partition_is_made(tables: Tables, engine: AsyncEngine):
    async with tables.connection.transaction():
        await tables.count("hits")
        async with asyncio.timeout(10):
            await Months(engine, MODELS).prepare_for([at(2026, 5, 1)])
