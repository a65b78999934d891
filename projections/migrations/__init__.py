"""The tables' history: Alembic, driven from here and nowhere else; no alembic.ini, no env.py."""

import logging
from pathlib import Path

import asyncpg
from alembic.config import Config
from alembic.runtime.environment import EnvironmentContext
from alembic.runtime.migration import MigrationContext, RevisionStep
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, make_url, text
from sqlalchemy.exc import DBAPIError

from projections.database import advice_for, open_engine

LOG = logging.getLogger(__name__)

# Any number will do as long as every migrating process uses the same.
_MIGRATING = 0x636F6C6C02


class NotMigrated(Exception):
    """The tables could not be brought up to date; the text says what to do, and quotes neither address nor row."""


async def migrate(database_url: str) -> None:
    """Bring the tables to what this program needs, creating a missing database; two may do it at the same time."""
    try:
        await _migrate(database_url)
    except (asyncpg.PostgresError, asyncpg.InterfaceError, DBAPIError, OSError, TimeoutError) as error:
        raise NotMigrated(advice_for(error).removesuffix("; trying again")) from None


async def _migrate(database_url: str) -> None:
    await _create_database_if_missing(database_url)
    engine = open_engine(database_url)
    try:
        async with engine.begin() as connection:
            # One at a time; the second finds everything done. The lock ends with the transaction.
            await connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _MIGRATING})
            await connection.run_sync(_upgrade)
    finally:
        await engine.dispose()


async def is_current(database_url: str) -> bool:
    """Tell whether the tables are exactly what this program needs."""
    engine = open_engine(database_url)
    try:
        async with engine.connect() as connection:
            return await connection.run_sync(_revision) == _scripts().get_current_head()
    finally:
        await engine.dispose()


async def _create_database_if_missing(database_url: str) -> None:
    try:
        await (await asyncpg.connect(database_url)).close()
    except asyncpg.InvalidCatalogNameError:
        name = str(make_url(database_url).database).replace('"', '""')
        server = await asyncpg.connect(database_url, database="postgres")
        try:
            await server.execute(f'CREATE DATABASE "{name}"')
        except (asyncpg.DuplicateDatabaseError, asyncpg.UniqueViolationError):
            LOG.info("another process has created the database")
        finally:
            await server.close()


def _upgrade(connection: Connection) -> None:
    scripts = _scripts()

    def steps(revision: str, _: MigrationContext) -> list[RevisionStep]:
        return scripts._upgrade_revs("head", revision)  # noqa: SLF001  # what alembic.command.upgrade itself calls

    with EnvironmentContext(Config(), scripts, fn=steps) as environment:
        environment.configure(connection=connection)
        environment.run_migrations()


def _revision(connection: Connection) -> str | None:
    return MigrationContext.configure(connection).get_current_revision()


def _scripts() -> ScriptDirectory:
    return ScriptDirectory(str(Path(__file__).parent))
