"""A COMMIT whose outcome nobody knows: the position is read again, and every fact counts once, whichever way it went."""

import os
import signal
from collections.abc import AsyncIterator, Callable

import pytest

from collector.local.postgres import PostgresServer
from projections.migrations import migrate
from tests.facts import pageview
from tests.faults.publishing import counted_once
from tests.faults.waiting import until
from tests.faults.wire import Cut, Wire
from tests.projections.world import Facts, Tables, connect_to_tables, projecting

SLOW_COMMIT = """
CREATE FUNCTION dawdle() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN PERFORM pg_sleep(3); RETURN NULL; END';
CREATE CONSTRAINT TRIGGER dawdle AFTER UPDATE ON positions DEFERRABLE INITIALLY DEFERRED
  FOR EACH ROW WHEN (OLD.seq = 10) EXECUTE FUNCTION dawdle();
"""
COMMITTING = "SELECT pid FROM pg_stat_activity WHERE query = 'COMMIT;' AND wait_event = 'PgSleep'"


@pytest.mark.parametrize("cut", Cut)
async def test_a_connection_that_breaks_at_the_commit_counts_nothing_twice(
    cut: Cut, facts: Facts, tables: Tables, database_url: str
):
    async with Wire(database_url).stretched() as wire, projecting(facts.nats_url, wire.url):
        for number in range(1, 4):
            await facts.publish(*(pageview() for _ in range(10)))
            await counted_once(tables, 20 * number - 10)
            wire.cut = cut
            await facts.publish(*(pageview() for _ in range(10)))
            await counted_once(tables, 20 * number)
            assert wire.cut is None, "the wire was cut"


async def test_a_session_that_is_ended_at_the_commit_counts_nothing_twice(facts: Facts, tables: Tables, database_url: str):
    async with projecting(facts.nats_url, database_url):
        await facts.publish(*(pageview() for _ in range(10)))
        await counted_once(tables, 10)
        await tables.connection.execute(SLOW_COMMIT)
        await facts.publish(*(pageview() for _ in range(10)))
        await until(lambda: tables.value(COMMITTING), "the projector is at its COMMIT")
        await tables.connection.execute(f"SELECT pg_terminate_backend(({COMMITTING}))")
        await counted_once(tables, 20)


@pytest.fixture
async def own_postgres(postgres_server: Callable[[], PostgresServer]) -> AsyncIterator[PostgresServer]:
    server = postgres_server()
    await migrate(server.url)
    return server


async def test_a_postgres_that_is_killed_at_the_commit_counts_nothing_twice(facts: Facts, own_postgres: PostgresServer):
    async with projecting(facts.nats_url, own_postgres.url):
        connection = await connect_to_tables(own_postgres.url)
        await facts.publish(*(pageview() for _ in range(10)))
        await counted_once(Tables(connection), 10)
        await connection.execute(SLOW_COMMIT)
        await facts.publish(*(pageview() for _ in range(10)))
        await until(lambda: connection.fetchval(COMMITTING), "the projector is at its COMMIT")
        os.kill(own_postgres.pid, signal.SIGKILL)
        own_postgres.child.process.wait()
        own_postgres.start()
        connection.terminate()
        connection = await connect_to_tables(own_postgres.url)
        await counted_once(Tables(connection), 20)
        await connection.close()
