"""Whoever reads answers does so as a role that owns nothing, can change nothing, and sees what is ours alone."""

import secrets
from collections.abc import AsyncIterator, Callable

import asyncpg
import pytest
from sqlalchemy import text

from collector.local.postgres import PostgresServer
from projections.database import open_engine
from projections.migrations import is_current, migrate
from projections.query.database import check_tables
from projections.query.database import open_engine as open_reading
from projections.reader_role import READER, reader_role
from tests.conftest import run_sql
from tests.facts import traffic
from tests.projections.world import Facts, Tables, project_all

REFUSED = (asyncpg.InsufficientPrivilegeError,)


@pytest.fixture
async def reading(database_url: str) -> AsyncIterator[asyncpg.Connection]:
    """A session that works as the role from its beginning."""
    connection = await asyncpg.connect(database_url, server_settings={"role": READER, "search_path": "web_g1, public"})
    yield connection
    await connection.close()


async def test_it_reads_everything_that_answers_are_made_of(
    facts: Facts, tables: Tables, database_url: str, reading: asyncpg.Connection
):
    await facts.publish(*traffic(20, seed=1))
    await project_all(facts, tables, database_url)
    assert await reading.fetchval("SELECT current_user") == READER
    await reading.execute("SET collector.tenant = 'main'")
    assert await reading.fetchval("SELECT count(*) FROM hits") == 20
    assert await reading.fetchval("SELECT count(*) FROM coded_hits_2026_10") > 0, "a month that was made after the grants"
    for table in ("visits", "positions", "totals", "generations"):
        assert await reading.fetchval(f"SELECT count(*) FROM {table}") > 0


@pytest.mark.parametrize(
    "statement",
    [
        "DELETE FROM coded_hits",
        "UPDATE positions SET seq = 0",
        "UPDATE public.generations SET state = 'retired'",
        "INSERT INTO totals VALUES ('t', 0, 0, 0, 0, NULL)",
        "DROP VIEW visits",
        "TRUNCATE coded_visits",
        "CREATE TABLE web_g1.mine (a int)",
        "CREATE SCHEMA mine",
        "ALTER TABLE coded_hits DISABLE TRIGGER ALL",
    ],
)
async def test_it_changes_nothing(reading: asyncpg.Connection, statement: str):
    with pytest.raises(REFUSED):
        await reading.execute(statement)


async def test_it_sees_nothing_else(database_url: str, reading: asyncpg.Connection):
    await run_sql(database_url, "CREATE TABLE public.others (a int); CREATE SCHEMA theirs; CREATE TABLE theirs.secrets (a int)")
    for table in ("public.others", "theirs.secrets", "pg_authid"):
        with pytest.raises(REFUSED):
            await reading.fetchval(f"SELECT count(*) FROM {table}")


async def test_it_owns_nothing_and_may_nothing(tables: Tables):
    assert await tables.value("SELECT count(*) FROM pg_class WHERE relowner = $1::regrole", READER) == 0
    rights = "SELECT rolsuper OR rolcreaterole OR rolcreatedb OR rolcanlogin OR rolbypassrls FROM pg_roles WHERE rolname = $1"
    assert await tables.value(rights, READER) is False


@pytest.fixture
async def modest_url(session_postgres: PostgresServer) -> AsyncIterator[str]:
    """The address of a database whose owner may not make roles."""
    name = f"modest_{secrets.token_hex(4)}"
    await run_sql(session_postgres.url, f"CREATE ROLE {name} LOGIN PASSWORD 'modest'")
    await run_sql(session_postgres.url, f"CREATE DATABASE {name} OWNER {name}")
    _, _, place = session_postgres.url_of(name).rpartition("@")
    yield f"postgresql://{name}:modest@{place}"
    await run_sql(session_postgres.url, f"DROP DATABASE {name} WITH (FORCE)")
    await run_sql(session_postgres.url, f"DROP ROLE {name}")


async def test_where_no_roles_can_be_made_the_tables_are_made_all_the_same(modest_url: str):
    await migrate(modest_url)
    assert await is_current(modest_url)
    engine = open_engine(modest_url)
    async with engine.connect() as connection:
        assert await reader_role(connection) is None
    await engine.dispose()


async def test_where_it_was_made_and_granted_by_others_it_is_taken_on(database_url: str, modest_url: str):
    await run_sql(database_url, f"GRANT {READER} TO {modest_url.rpartition('/')[2]}")
    await migrate(modest_url)
    engine = open_engine(modest_url, {"role": READER, "search_path": "web_g1, public"})
    async with engine.connect() as connection:
        assert await reader_role(connection) == READER
    await engine.dispose()


async def test_who_may_make_roles_and_is_no_superuser_reads_as_the_role(postgres_server: Callable[[], PostgresServer]):
    server = postgres_server()
    await run_sql(server.url, "CREATE ROLE maker LOGIN CREATEROLE PASSWORD 'modest'")
    await run_sql(server.url, "CREATE DATABASE made OWNER maker")
    url = f"postgresql://maker:modest@{server.url_of('made').rpartition('@')[2]}"
    await migrate(url)
    assert await who_reads(url) == READER


async def test_who_may_grant_the_role_but_not_take_it_on_reads_as_themselves(database_url: str, modest_url: str):
    modest = modest_url.rpartition("/")[2]
    await run_sql(database_url, f"GRANT {READER} TO {modest} WITH ADMIN OPTION, SET FALSE, INHERIT FALSE")
    engine = open_engine(modest_url)
    async with engine.connect() as connection:
        assert await reader_role(connection) is None
    await engine.dispose()
    engine = open_reading(modest_url)
    async with engine.connect() as connection:
        assert await connection.scalar(text("SELECT current_user")) == modest
    await engine.dispose()


async def test_the_tables_may_lie_in_a_schema_that_is_named_as_the_user(database_url: str, modest_url: str):
    modest = modest_url.rpartition("/")[2]
    await run_sql(database_url, f"GRANT {READER} TO {modest}")
    await run_sql(modest_url, f"CREATE SCHEMA {modest}")
    await migrate(modest_url)
    assert await who_reads(modest_url) == READER


async def who_reads(url: str) -> str:
    """Return as whom the sessions of the query side work, once they have found every table."""
    engine = open_reading(url)
    try:
        await check_tables(engine)
        async with engine.connect() as connection:
            return str(await connection.scalar(text("SELECT current_user")))
    finally:
        await engine.dispose()
