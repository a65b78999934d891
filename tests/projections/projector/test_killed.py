"""Whatever is killed, frozen or away, the projector comes through it and every fact counts once."""

import asyncio
import os
import signal
import sys
from collections.abc import Callable

from collector.local.nats import NatsServer
from collector.local.postgres import PostgresServer
from projections.migrations import migrate
from tests.facts import pageview, traffic
from tests.projections.world import Facts, Tables, accounts_agree, connect_to_tables, project_all, projecting, until

PROJECTOR = """
import asyncio, sys
from projections.projections import WEB
from projections.projector.projectors import Projectors
from tests.projections.world import utc_now
async def run():
    async with Projectors(nats_url=sys.argv[1], database_url=sys.argv[2], projections=(WEB,)) as projectors:
        await projectors.run(asyncio.Event(), clock=utc_now)
asyncio.run(run())
"""


async def test_a_projector_that_is_killed_goes_on_where_it_was(facts: Facts, tables: Tables, database_url: str):
    for round_ in range(3):
        await facts.publish(*traffic(200, seed=10 + round_))
        process = await asyncio.create_subprocess_exec(sys.executable, "-c", PROJECTOR, facts.nats_url, database_url)

        async def has_begun(before: int = 200 * round_) -> bool:
            return await tables.dealt_with() > before

        try:
            await until(has_begun)
        finally:
            process.kill()
            await process.wait()
    await project_all(facts, tables, database_url)
    assert await tables.rows("SELECT applied, duplicates, quarantined FROM positions") == [
        {"applied": 600, "duplicates": 0, "quarantined": 0}
    ]
    assert await tables.count("hits") == 600
    assert await accounts_agree(tables)


async def test_a_projector_stops_soon_although_postgres_hangs(facts: Facts, postgres_server: Callable[[], PostgresServer]):
    server = postgres_server()
    await migrate(server.url)
    async with asyncio.timeout(15), projecting(facts.nats_url, server.url):
        os.kill(server.pid, signal.SIGSTOP)
        await facts.publish(pageview())
    os.kill(server.pid, signal.SIGCONT)


async def test_a_postgres_that_is_killed_is_waited_for(facts: Facts, postgres_server: Callable[[], PostgresServer]):
    server = postgres_server()
    await migrate(server.url)

    async def dealt_with(count: int) -> bool:
        connection = await connect_to_tables(server.url)
        try:
            return await Tables(connection).dealt_with() == count
        finally:
            await connection.close()

    async with projecting(facts.nats_url, server.url) as running:
        await facts.publish(*traffic(300, seed=7))
        os.kill(server.pid, signal.SIGKILL)
        server.child.process.wait()
        await facts.publish(*traffic(100, seed=8))
        server.start()
        await until(lambda: dealt_with(400), watching=running)


async def test_a_nats_that_is_killed_is_waited_for(nats_server: Callable[[], NatsServer], tables: Tables, database_url: str):
    server = nats_server()

    async def dealt_with(count: int) -> bool:
        return await tables.dealt_with() == count

    async with projecting(server.url, database_url) as running:
        async with Facts(server.url) as facts:
            await facts.publish(*traffic(50, seed=9))
            await until(lambda: dealt_with(50), watching=running)
        os.kill(server.pid, signal.SIGKILL)
        server.child.process.wait()
        server.start()
        async with Facts(server.url) as facts:
            await facts.publish(*traffic(50, seed=10))
            await until(lambda: dealt_with(100), watching=running)
    assert await tables.rows("SELECT applied, duplicates FROM positions") == [{"applied": 100, "duplicates": 0}]
