"""The migrations make exactly the tables that the code speaks of, from nothing, as often as they are asked."""

import asyncio
import re

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import Connection, MetaData

from projections.database import open_engine
from projections.migrations import NotMigrated, is_current, migrate
from projections.projections import PROJECTIONS
from projections.schema import BOOKS, SHARED, TURNS, WEB
from tests.conftest import run_sql


def differences(connection: Connection, *metadata: MetaData) -> list[object]:
    """Return how the schema's tables differ from the code's; a partition by month is no table of its own."""

    def is_ours(name: str | None, type_: str, _: object) -> bool:
        return type_ != "table" or re.search(r"_version$|_\d{4}_\d\d$", name or "") is None

    options = {"compare_type": True, "compare_server_default": True, "include_name": is_ours}
    return compare_metadata(MigrationContext.configure(connection, opts=options), metadata)


@pytest.mark.parametrize(("schema", "metadata"), [("public", [SHARED]), ("web_g1", [BOOKS, WEB]), ("turns_g1", [BOOKS, TURNS])])
async def test_the_migrated_tables_are_those_of_the_code(postgres_url: str, schema: str, metadata: list[MetaData]):
    await migrate(postgres_url)
    engine = open_engine(postgres_url, schema=schema)
    async with engine.connect() as connection:
        assert await connection.run_sync(differences, *metadata) == []
    await engine.dispose()


async def test_tables_of_before_generations_are_refused_and_nobody_is_told_to_drop_them(postgres_url: str):
    await run_sql(postgres_url, "CREATE TABLE positions (seq bigint); CREATE TABLE hits (seq bigint)")
    with pytest.raises(NotMigrated, match="a database, or a data directory, of its own") as refused:
        await migrate(postgres_url)
    assert "drop" not in str(refused.value)


async def test_an_empty_database_is_not_current_and_a_migrated_one_is(postgres_url: str):
    assert not await is_current(postgres_url)
    await migrate(postgres_url)
    assert await is_current(postgres_url)


async def test_several_may_migrate_at_once_and_again(postgres_url: str):
    await asyncio.gather(*(migrate(postgres_url) for _ in range(4)))
    await migrate(postgres_url)
    assert await is_current(postgres_url)


async def test_a_missing_database_is_created(session_postgres):
    url = session_postgres.url_of("made_by_migrate")
    await asyncio.gather(migrate(url), migrate(url))
    assert await is_current(url)


async def test_a_user_who_may_not_make_schemas_is_told_what_is_missing(session_postgres):
    await run_sql(session_postgres.url, "CREATE ROLE narrow LOGIN PASSWORD 'narrow'")
    await run_sql(session_postgres.url, "CREATE DATABASE narrow")
    url = f"postgresql://narrow:narrow@{session_postgres.url_of('narrow').rpartition('@')[2]}"
    try:
        await run_sql(session_postgres.url_of("narrow"), "GRANT ALL ON SCHEMA public TO narrow")
        with pytest.raises(NotMigrated, match="needs CREATE on the database"):
            await migrate(url)
        await run_sql(session_postgres.url, "GRANT CREATE ON DATABASE narrow TO narrow")
        await migrate(url)
        assert await is_current(url)
    finally:
        await run_sql(session_postgres.url, "DROP DATABASE narrow WITH (FORCE)")
        await run_sql(session_postgres.url, "DROP ROLE narrow")


def test_no_two_projections_call_a_table_the_same():
    names = [table.name for projection in PROJECTIONS for table in projection.tables]
    assert len(names) == len(set(names)), (
        "one search path holds the current generations of all: the first would hide the second"
    )
