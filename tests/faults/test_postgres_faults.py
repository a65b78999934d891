"""What Postgres does to a projector on a bad day is retried until it goes well, and never blamed on a fact."""

import asyncio
import contextlib
from collections.abc import AsyncIterator

import asyncpg
import pytest

from projections import database
from tests.facts import pageview, traffic
from tests.faults.publishing import counted_once, publishing
from tests.faults.waiting import until
from tests.projections.world import Facts, Tables, connect_to_tables, projecting

WEATHER = {
    "40001": "serialization failure",
    "40P01": "deadlock detected",
    "08006": "connection failure",
    "25P02": "transaction aborted",
    "53100": "disk full",
    "53200": "out of memory",
    "53300": "too many connections",
    "55P03": "lock not available",
    "57014": "statement timeout",
    "57P01": "administrator's shutdown",
    "58030": "input or output error",
    "XX000": "internal error",
}
# A sequence goes on although its transaction is rolled back, so the fault is raised once and can be seen to have been.
RAISING = """
CREATE SEQUENCE faults;
CREATE FUNCTION fault() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF nextval('faults') = 1 THEN RAISE EXCEPTION USING ERRCODE = TG_ARGV[0]; END IF;
  RETURN NEW;
END $$
"""


@contextlib.asynccontextmanager
async def other_session(url: str) -> AsyncIterator[asyncpg.Connection]:
    """Lend another session, which is somebody else's."""
    session = await connect_to_tables(url)
    try:
        yield session
    finally:
        await session.close()


async def waits_for_a_lock(tables: Tables) -> bool:
    # What adds up days that are over has all the time in the world, and waits for the same locks.
    waiting = "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()"
    return bool(await tables.value(f"{waiting} AND application_name = 'collector project'"))


@pytest.mark.parametrize("table", ["positions", "coded_hits"])
async def test_an_error_that_is_the_weather_is_tried_again(
    table: str, facts: Facts, tables: Tables, database_url: str, subtests: pytest.Subtests
):
    await tables.connection.execute(RAISING)
    async with projecting(facts.nats_url, database_url):
        for number, (sqlstate, name) in enumerate(WEATHER.items(), start=1):
            with subtests.test(name):
                await tables.connection.execute("SELECT setval('faults', 1, false)")
                await tables.connection.execute(
                    f"CREATE OR REPLACE TRIGGER fault BEFORE INSERT OR UPDATE ON {table}"
                    f" FOR EACH ROW EXECUTE FUNCTION fault('{sqlstate}')"
                )
                await facts.publish(pageview())
                await counted_once(tables, number)
                assert await tables.value("SELECT last_value FROM faults") > 1, "the fault was raised"


async def test_the_victim_of_a_deadlock_tries_again(facts: Facts, tables: Tables, database_url: str):
    async with projecting(facts.nats_url, database_url), other_session(database_url) as rival:
        await facts.publish(pageview())
        await counted_once(tables, 1)
        await rival.execute("SET deadlock_timeout = '1min'")  # so that the projector is the victim
        async with rival.transaction():
            await rival.execute("LOCK TABLE coded_visits IN ACCESS EXCLUSIVE MODE")
            await facts.publish(*(pageview(f"/{number}") for number in range(20)))
            await until(lambda: waits_for_a_lock(tables), "the projector holds its position and waits for the visits")
            async with asyncio.timeout(30):
                await rival.execute("SELECT * FROM positions FOR UPDATE")
        await counted_once(tables, 21)
    deadlocks = "SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()"
    await until(lambda: tables.value(deadlocks), "Postgres has counted the deadlock")


@pytest.mark.parametrize("limit", ["statement_timeout", "lock_timeout", "our own patience"])
async def test_a_lock_held_for_longer_than_anybody_waits_is_waited_for_again(
    limit: str, facts: Facts, tables: Tables, database_url: str, monkeypatch: pytest.MonkeyPatch
):
    if limit.endswith("_timeout"):
        name = database_url.rpartition("/")[2]
        await tables.connection.execute(f"ALTER DATABASE {name} SET {limit} = '200ms'")
    else:
        monkeypatch.setattr(database, "STATEMENT_SECONDS", 0.2)
    async with projecting(facts.nats_url, database_url), other_session(database_url) as rival:
        await facts.publish(pageview())
        await counted_once(tables, 1)
        async with rival.transaction():
            await rival.execute("LOCK TABLE coded_visits IN ACCESS EXCLUSIVE MODE")
            await facts.publish(*traffic(20, seed=2))
            for _ in range(2):
                await until(lambda: waits_for_a_lock(tables), "the projector waits for the lock")
                await until(lambda: gave_up(tables), "the projector gives up for now")
        await counted_once(tables, 21)


async def gave_up(tables: Tables) -> bool:
    return not await waits_for_a_lock(tables)


async def test_a_postgres_without_a_free_connection_is_waited_for(
    facts: Facts, tables: Tables, database_url: str, caplog: pytest.LogCaptureFixture
):
    await facts.publish(*traffic(20, seed=3))
    async with contextlib.AsyncExitStack() as crowd:
        with contextlib.suppress(asyncpg.TooManyConnectionsError):
            while True:
                await crowd.enter_async_context(other_session(database_url))
        async with projecting(facts.nats_url, database_url):
            await until(lambda: "the generations cannot be listed" in caplog.text, "the projector finds no connection")
            await crowd.aclose()
            await counted_once(tables, 20)


async def test_a_leader_whose_lease_is_cut_shares_the_work_and_counts_nothing_twice(
    facts: Facts, tables: Tables, database_url: str
):
    leases = "SELECT pid FROM pg_locks WHERE locktype = 'advisory' AND granted AND classid = 6516588"
    one, other = projecting(facts.nats_url, database_url), projecting(facts.nats_url, database_url)
    async with one as first, other as second:
        async with publishing(facts) as published:
            for _ in range(15):
                await until(lambda: tables.value(leases), "somebody leads")
                await tables.connection.execute(f"SELECT pg_terminate_backend(pid) FROM ({leases}) AS leader")
                assert not first.done(), "who finds another at work does not take the stream for lost"
                assert not second.done(), "who finds another at work does not take the stream for lost"
        await counted_once(tables, published.count)
