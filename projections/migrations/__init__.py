"""The tables' history, by Alembic: one for what a database has once, and for each generation its accounts and its models.

Every generation is a schema with version tables of its own, so a step runs in each of them by itself.
"""

import logging
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import asyncpg
from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, make_url, text
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from projections.control import tables as control
from projections.database import POSTGRES_ERRORS, PROJECTING, advice_for, open_engine, sqlstate_of
from projections.forwarding import places as sinks
from projections.generations import (
    GENERATIONS,
    Generation,
    State,
    add_generation,
    all_generations,
    current_generation,
    retire_emptied,
)
from projections.projections import PROJECTIONS
from projections.projector import levels
from projections.projector.projection import Projection
from projections.reader_role import ensure_role, let_read
from projections.sign_ins import SIGN_INS
from projections.tallies import tables as tallies
from projections.tenant_wall import unwalled, wall_in

LOG = logging.getLogger(__name__)

# Any number will do as long as every migrating process uses the same.
_MIGRATING = 0x636F6C6C02
# Whoever migrates at the same time is waited for, and a step on large tables takes its time.
_SESSION = {**PROJECTING, "statement_timeout": "2h"}
_HERE = Path(__file__).parent


class History(NamedTuple):
    """A line of steps, and the table that says how far a schema has come on it."""

    folder: Path
    version_table: str


_SHARED = History(_HERE / "shared", "alembic_version")
_SINKS = History(_HERE / "sinks", "sinks_version")
_ACCOUNTS = History(_HERE / "accounts", "accounts_version")


SHARED_TABLES = tuple(
    table.name for table in (GENERATIONS, *tallies.TABLES, *control.TABLES, SIGN_INS, *sinks.TABLES, *levels.TABLES)
)


class NotMigrated(Exception):
    """The tables could not be brought up to date; the text says what to do, and quotes neither address nor row."""


# To be told to migrate would lead whoever migrates in a circle.
_GONE = frozenset({"42P01", "42703", "3F000"})
_DAMAGED = (
    "the database lacks something that was made in it before. Nothing has been changed. Restore the database from its backup; "
    "or keep it as it is and set COLLECTOR_DATABASE_URL to a new one, which is computed from what the stream holds"
)
_NEWER = (
    "the database has tables of a newer version than this program, or of another program. Nothing has been changed. Install "
    "the version that made them or a later one, or set COLLECTOR_DATABASE_URL to a database of this one's own"
)


async def migrate(database_url: str, projections: Sequence[Projection] = PROJECTIONS) -> None:
    """Bring the tables to what this program needs, creating a missing database; two may do it at the same time."""
    try:
        await _create_database_if_missing(database_url)
        engine = open_engine(database_url, _SESSION)
        try:
            await ensure_role(engine)
            await _migrate(engine, projections)
        finally:
            await engine.dispose()
    except POSTGRES_ERRORS as error:
        why = _DAMAGED if sqlstate_of(error) in _GONE else advice_for(error).removesuffix("; trying again")
        raise NotMigrated(why) from None


async def is_current(database_url: str, projections: Sequence[Projection] = PROJECTIONS) -> bool:
    """Tell whether the tables are exactly what this program needs."""
    engine = open_engine(database_url)
    try:
        async with engine.connect() as connection:
            for history in (_SHARED, _SINKS):
                if not await connection.run_sync(_is_at_head, history):
                    return False
            for projection in projections:
                generation = await current_generation(connection, projection.name)
                if generation is None or not await _is_generation_at_head(connection, projection, generation):
                    return False
        return True
    finally:
        await engine.dispose()


async def has_tables(database_url: str) -> bool:
    """Tell whether the tables were ever made, in this version or another."""
    engine = open_engine(database_url)
    try:
        async with engine.connect() as connection:
            return await connection.run_sync(_has_any)
    finally:
        await engine.dispose()


async def without_wall(connection: AsyncConnection) -> list[str]:
    """Return the tables that are read and whose rows of one tenant nothing but the program keeps from another's queries."""
    found = await unwalled(connection, await _shared_schema(connection), SHARED_TABLES)
    for generation in await all_generations(connection):
        if generation.state is State.CURRENT:
            found += [f"{generation.schema}.{name}" for name in await unwalled(connection, generation.schema)]
    return found


async def begin_generation(connection: AsyncConnection, projection: Projection, state: State) -> Generation:
    """Make a generation of *projection* with empty tables, in the transaction of *connection*."""
    generation = await add_generation(connection, projection.name, state)
    await connection.execute(text(f'CREATE SCHEMA "{generation.schema}"'))
    await _upgrade_generation(connection, projection, generation)
    return generation


async def _migrate(engine: AsyncEngine, projections: Sequence[Projection]) -> None:
    async with engine.begin() as connection:
        # One at a time; the second finds everything done. The lock ends with the transaction.
        await connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _MIGRATING})
        await _refuse_tables_of_before(connection)
        for history in (_SHARED, _SINKS):
            await connection.run_sync(_upgrade, history)
        schema = await _shared_schema(connection)
        await let_read(connection, schema, SHARED_TABLES)
        await wall_in(connection, schema, SHARED_TABLES)
        await retire_emptied(connection)
        for projection in projections:
            generations = await all_generations(connection, [projection.name])
            for generation in generations:
                if generation.state is not State.RETIRED:
                    await _upgrade_generation(connection, projection, generation)
            if not any(generation.state is State.CURRENT for generation in generations):
                await begin_generation(connection, projection, State.CURRENT)


async def _shared_schema(connection: AsyncConnection) -> str:
    return str(await connection.scalar(text("SELECT current_schema()")))


async def _refuse_tables_of_before(connection: AsyncConnection) -> None:
    if await connection.scalar(text("SELECT to_regclass('positions') IS NOT NULL AND to_regclass('generations') IS NULL")):
        raise NotMigrated(
            "the database has tables of a version before generations, which are not carried over, and the events of that "
            "version are in a stream that this one does not read. Keep both: go on with the version that made them, or give "
            "this one a database, or a data directory, of its own"
        )


async def _upgrade_generation(connection: AsyncConnection, projection: Projection, generation: Generation) -> None:
    # First, so that the tables to come are covered.
    await let_read(connection, generation.schema)
    before = await _enter(connection, generation.schema)
    for history in _histories_of(projection):
        await connection.run_sync(_upgrade, history)
    await wall_in(connection, generation.schema)
    await _enter(connection, before)


async def _is_generation_at_head(connection: AsyncConnection, projection: Projection, generation: Generation) -> bool:
    before = await _enter(connection, generation.schema)
    at_head = [await connection.run_sync(_is_at_head, history) for history in _histories_of(projection)]
    await _enter(connection, before)
    return all(at_head)


def _histories_of(projection: Projection) -> tuple[History, ...]:
    return _ACCOUNTS, History(projection.migrations, "models_version")


async def _enter(connection: AsyncConnection, path: str) -> str:
    """Have unqualified names mean the tables of *path* until the transaction ends, and return what they meant before."""
    before = await connection.scalar(text("SELECT current_setting('search_path')"))
    await connection.execute(text("SELECT set_config('search_path', :path, true)"), {"path": path})
    return str(before)


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


def _upgrade(connection: Connection, history: History) -> None:
    config = _config(history)
    if _revision(connection, history) not in {None, *(step.revision for step in _steps(history).walk_revisions())}:
        raise NotMigrated(_NEWER)
    config.attributes.update(connection=connection, version_table=history.version_table)
    command.upgrade(config, "head")


def _has_any(connection: Connection) -> bool:
    return _revision(connection, _SHARED) is not None


def _is_at_head(connection: Connection, history: History) -> bool:
    return _revision(connection, history) == _steps(history).get_current_head()


def _revision(connection: Connection, history: History) -> str | None:
    return MigrationContext.configure(connection, opts={"version_table": history.version_table}).get_current_revision()


def _steps(history: History) -> ScriptDirectory:
    return ScriptDirectory.from_config(_config(history))


def _config(history: History) -> Config:
    config = Config()
    # Config reads % as the beginning of a variable, and a folder's name may have one, or a space.
    for name, value in {
        "script_location": str(_HERE),
        "version_locations": str(history.folder),
        "path_separator": "newline",
    }.items():
        config.set_main_option(name, value.replace("%", "%%"))
    return config
