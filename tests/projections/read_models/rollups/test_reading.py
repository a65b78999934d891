"""Rollups are read by the role that answers, of one tenant, by their indexes."""

import re
from datetime import timedelta

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from projections.projector.freshening import freshen_all
from projections.query.caller import only_caller
from projections.query.database import open_engine, reading
from projections.read_models.rollups.fresh import fresh_days
from projections.read_models.rollups.tables import OF_A_SITE
from tests.facts import NOON, pageview
from tests.projections.world import Teller

DAY = NOON.date()


async def test_a_tenant_sees_its_own_rollups_and_no_others(engine: AsyncEngine, teller: Teller, database_url: str):
    await teller.tell(*(pageview(f"/of {tenant}", tenant=tenant) for tenant in ("main", "other")))
    await freshen_all(engine, DAY + timedelta(days=1))
    answering = open_engine(database_url)
    for tenant in ("main", "other", "nobody"):
        async with reading(answering, only_caller(tenant)) as connection:
            own = set(await connection.scalars(text("SELECT id FROM tenant_ids")))
            assert len(own) == (tenant != "nobody")
            for table in OF_A_SITE:
                assert set(await connection.scalars(text(f"SELECT tenant FROM {table.name}"))) == own, table.name
            for asked in ("main", "other"):
                days = await fresh_days(connection, asked, "example.org", DAY, DAY)
                assert set(days.fresh) == ({DAY} if asked == tenant else set())
    await answering.dispose()


async def test_behind_the_wall_the_days_of_a_dimension_are_found_by_the_index(database_url: str):
    answering = open_engine(database_url)
    wanted = {
        "slots": "slot >= '2026-11-01' AND slot < '2026-12-01'",
        "day_visits": "dimension = 4 AND day BETWEEN '2026-11-01' AND '2026-11-30'",
        "day_hits": "dimension = 1 AND day BETWEEN '2026-11-01' AND '2026-11-30'",
    }
    async with reading(answering, only_caller("main")) as connection:
        await connection.execute(text("SET LOCAL enable_seqscan = off"))
        for table, period in wanted.items():
            rows = await connection.scalars(text(f"EXPLAIN SELECT * FROM {table} WHERE site = 1 AND NOT bot AND {period}"))
            plan = "\n".join(rows)
            assert re.search(r"Index Cond: .*site = 1.*bot = false.*", plan), plan
            assert re.search(r"Index Cond: .*(slot|day) >= .*(slot|day) <", plan), plan
            assert "InitPlan" in plan, "whose rows they are is looked up once"
    await answering.dispose()
