"""An empty stream and migrated tables for each test."""

import secrets
from collections.abc import AsyncIterator

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from collector.local.postgres import PostgresServer
from projections.database import open_engine
from tests.conftest import run_sql
from tests.projections.world import Facts, Tables, connect_to_tables, read_generation


@pytest.fixture
async def facts(stream_free_nats: str) -> AsyncIterator[Facts]:
    """An empty stream."""
    async with Facts(stream_free_nats) as stream:
        yield stream


@pytest.fixture
async def database_url(session_postgres: PostgresServer, empty_tables: str) -> AsyncIterator[str]:
    """The address of a database with empty tables."""
    database = f"test_{secrets.token_hex(6)}"
    await run_sql(session_postgres.url, f"CREATE DATABASE {database} TEMPLATE {empty_tables}")
    yield session_postgres.url_of(database)
    await run_sql(session_postgres.url, f"DROP DATABASE {database} WITH (FORCE)")


@pytest.fixture
async def tables(database_url: str) -> AsyncIterator[Tables]:
    """The tables of that database."""
    connection = await connect_to_tables(database_url)
    yield Tables(connection)
    await connection.close()


@pytest.fixture
async def engine(database_url: str) -> AsyncIterator[AsyncEngine]:
    """An engine as the projector's, on those tables."""
    engine = open_engine(database_url, schema=(await read_generation(database_url)).schema)
    yield engine
    await engine.dispose()
