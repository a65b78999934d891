"""Whoever forgets to ask for one tenant's rows is shown no others', and what is meant for one is never read for the next."""

import asyncio
import re
from contextlib import suppress
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from contracts.tallies import Ending
from projections.database import open_engine as open_owning
from projections.generations import current_generation
from projections.migrations import SHARED_TABLES, migrate
from projections.projections import WEB
from projections.query.caller import only_caller
from projections.query.database import at_the_door, open_engine, reading
from projections.tenant_wall import unwalled
from tests.conftest import run_sql
from tests.facts import pageview, traffic
from tests.projections.control.deciding import decided, issued, joined, new_key, site, tenant
from tests.projections.query.world import NOW, World
from tests.projections.tallies.telling import head, kept, line, part

# What has a tenant in it, and is filled below for two of them.
TABLES = (
    "hits",
    "visits",
    "site_ids",
    "web_g1.totals",
    "web_g1.seen_events",
    "tallies",
    "control_things",
)
# The same with a number for each tenant.
IN_NUMBERS = ("coded_hits", "coded_hits_2026_11", "coded_visits", "coded_visits_2026_11", "pages", "clients", "origins")


@pytest.fixture
async def shared(world: World) -> World:
    """Tables in which two tenants have rows of every kind."""
    for name in ("main", "other"):
        await world.tell(*(pageview(f"/{number}", at=NOW, tenant=name) for number in range(3)))
        await decided(world.database_url, tenant(name), site(f"{name}.example", of_tenant=name))
        await decided(world.database_url, issued(name, new_key(name), of_tenant=name))
    await decided(world.database_url, *joined("m1"))
    await kept(world.database_url, head(), part(*(line(2, Ending.STORED, tenant=name) for name in ("main", "other"))))
    return world


async def tenants_in(connection: AsyncConnection, table: str) -> set[str]:
    """Return whose rows a query sees that asks for none in particular."""
    return set((await connection.execute(text(f"SELECT tenant FROM {table}"))).scalars())


async def tenants_counted(connection: AsyncConnection, table: str) -> int:
    """Return of how many tenants a query sees rows in a table that has numbers for them."""
    return int((await connection.execute(text(f"SELECT count(DISTINCT tenant) FROM {table}"))).scalar_one())


async def test_without_its_condition_a_query_sees_the_rows_of_one_tenant(shared: World):
    engine = open_engine(shared.database_url)
    for name in ("main", "other", "nobody"):
        async with reading(engine, only_caller(name)) as connection:
            seen = {table: await tenants_in(connection, table) for table in TABLES}
            assert seen == dict.fromkeys(TABLES, {name} - {"nobody"})
            for table in IN_NUMBERS:
                assert await tenants_counted(connection, table) == (name != "nobody"), table
    await engine.dispose()
    owning = open_owning(shared.database_url, schema="web_g1, public")
    async with owning.connect() as connection:
        for table in TABLES:
            assert {"main", "other"} <= await tenants_in(connection, table), "whoever folds sees all"
        for table in IN_NUMBERS:
            assert await tenants_counted(connection, table) == 2, table
    await owning.dispose()


async def test_before_a_session_says_on_whose_behalf_it_sees_nothing(shared: World):
    engine = open_engine(shared.database_url)
    async with engine.connect() as connection:
        assert await tenants_in(connection, "web_g1.hits") == set()
    async with reading(engine, only_caller("main")) as connection:
        assert await tenants_in(connection, "hits") == {"main"}
    async with engine.connect() as connection:
        assert await tenants_in(connection, "web_g1.hits") == set(), "the same session, for somebody else"
        assert await tenants_in(connection, "control_things") == set(), "members are nobody's, and nobody has asked"
    await engine.dispose()


async def test_a_session_whose_request_was_cut_off_serves_the_next_tenant_rightly(shared: World, monkeypatch):
    monkeypatch.setattr("projections.query.database.POOL_SIZE", 1)
    engine = open_engine(shared.database_url)
    pid = text("SELECT pg_backend_pid()")

    async def asked(name: str) -> tuple[int, set[str]]:
        async with reading(engine, only_caller(name)) as connection:
            return int((await connection.execute(pid)).scalar_one()), await tenants_in(connection, "hits")

    first, seen = await asked("main")
    assert seen == {"main"}
    with suppress(RuntimeError):
        async with reading(engine, only_caller("main")) as connection:
            await tenants_in(connection, "hits")
            raise RuntimeError
    assert await asked("other") == (first, {"other"}), "the same session"
    gone = asyncio.create_task(_waiting(engine))
    await asyncio.sleep(0)
    while engine.pool.checkedout() == 0:
        await asyncio.sleep(0.01)
    gone.cancel()
    await asyncio.wait({gone})
    assert (await asked("other"))[1] == {"other"}
    async with engine.connect() as connection:
        assert await tenants_in(connection, "web_g1.hits") == set()
    await engine.dispose()


async def _waiting(engine: Any) -> None:
    async with reading(engine, only_caller("main")) as connection:
        await connection.execute(text("SELECT pg_sleep(5)"))


async def test_only_the_door_sees_the_things_of_all_and_it_sees_no_facts(shared: World):
    engine = open_engine(shared.database_url)
    async with at_the_door(engine) as connection:
        assert await tenants_in(connection, "control_things") == {"main", "other", ""}
        assert await tenants_in(connection, "web_g1.hits") == set()
    async with reading(engine, only_caller("main")) as connection:
        assert await tenants_in(connection, "control_things") == {"main"}
    await engine.dispose()


async def test_every_table_that_says_whose_its_rows_are_is_walled_and_a_migration_mends_what_is_not(shared: World):
    engine = open_owning(shared.database_url)
    async with engine.connect() as connection:
        generation = await current_generation(connection, WEB.name)
        assert generation is not None
        assert await unwalled(connection, generation.schema) == []
        assert await unwalled(connection, "public", SHARED_TABLES) == []
    await run_sql(shared.database_url, "DROP POLICY own_tenant ON web_g1.coded_hits_2026_11; CREATE TABLE theirs (tenant text)")
    async with engine.connect() as connection:
        assert await unwalled(connection, "web_g1") == ["coded_hits_2026_11"]
    await migrate(shared.database_url)
    async with engine.connect() as connection:
        assert await unwalled(connection, "web_g1") == []
        assert await unwalled(connection, "public") == ["theirs"], "a table of somebody else's is left as it is"
    await engine.dispose()


async def test_behind_the_wall_a_question_reads_the_months_it_asks_for_by_their_indexes(world: World):
    await world.tell(*traffic(600, seed=1, days=40))
    connection = open_owning(world.database_url)
    async with connection.begin() as owner:
        await owner.execute(text("ANALYZE web_g1.coded_hits, web_g1.coded_visits"))
    await connection.dispose()
    engine = open_engine(world.database_url)
    asked = {"site": "site-1.example"}
    async with reading(engine, only_caller("main")) as connection:
        await connection.execute(text("SET LOCAL enable_seqscan = off"))
        for table, moment in (("hits", "occurred_at"), ("visits", "day")):
            rows = await connection.execute(
                text(
                    f"EXPLAIN SELECT count(*) FROM {table} WHERE tenant = 'main' AND site = :site "
                    f"AND {moment} >= '2026-11-03' AND {moment} < '2026-11-05'"
                ),
                asked,
            )
            plan = "\n".join(rows.scalars())
            assert re.search(rf"Index Cond: .*site = .*{moment} >= .*{moment} < ", plan), plan
            assert f"{table}_2026_10" not in plan, plan
    await engine.dispose()
