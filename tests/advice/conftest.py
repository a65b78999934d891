"""An installation that has counted something, for each test: a copy of one that is made once."""

import asyncio
import secrets
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from collector.local.nats import NatsServer
from collector.local.postgres import PostgresServer
from projections.migrations import migrate
from projections.stream import Stream
from tests.advice.installation import Installation
from tests.conftest import delete_streams, run_sql
from tests.facts import pageview, traffic
from tests.projections import conftest as projections
from tests.projections.world import Facts, Tables, connect_to_tables, project_all

# Found by pytest under these names.
database_url, facts, tables = projections.database_url, projections.facts, projections.tables

COUNTED = (*traffic(10, seed=1), pageview("/\0"))


@pytest.fixture(scope="session")
def counted(session_postgres: PostgresServer, session_nats: NatsServer) -> Iterator[str]:
    """The name of a database in which ten events are counted, and one is set aside."""
    name = f"counted_{secrets.token_hex(6)}"
    asyncio.run(_count(session_nats.url, session_postgres.url_of(name)))
    yield name
    asyncio.run(run_sql(session_postgres.url, f"DROP DATABASE {name} WITH (FORCE)"))


async def _count(nats_url: str, database_url: str) -> None:
    await migrate(database_url)
    await delete_streams(nats_url)
    async with Facts(nats_url) as facts:
        tables = Tables(await connect_to_tables(database_url))
        await facts.publish(*COUNTED)
        await project_all(facts, tables, database_url)
        await tables.connection.close()
        await facts.delete_stream()


@pytest.fixture
async def installation(
    counted: str, facts: Facts, session_postgres: PostgresServer, tmp_path: Path
) -> AsyncIterator[Installation]:
    """The same events in a stream, and a database that has counted them from it."""
    name = f"test_{secrets.token_hex(6)}"
    await run_sql(session_postgres.url, f"CREATE DATABASE {name} TEMPLATE {counted}")
    url = session_postgres.url_of(name)
    await facts.publish(*COUNTED)
    made = Installation(facts, Tables(await connect_to_tables(url)), url, tmp_path)
    async with Stream(facts.nats_url, facts.stream) as stream:
        await stream.connect()
        created = (await stream.identity()).created
    await made.tables.connection.execute("UPDATE positions SET stream_created = $1", created)
    yield made
    await made.tables.connection.close()
    await run_sql(session_postgres.url, f"DROP DATABASE {name} WITH (FORCE)")
