"""The way to Postgres: a small pool of read-only sessions with a deadline, and what is said while there is no way."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import asyncpg
from sqlalchemy import Connection, Executable, Select, event, select, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from projections import database
from projections.control import tables as control
from projections.generations import GENERATIONS, enter_current
from projections.projections import PROJECTIONS
from projections.projector.projection import Projection
from projections.query.caller import Caller
from projections.query.lean import lean
from projections.query.problems import Refused, unauthorized, unavailable
from projections.reader_role import TAKE_ON_ROLE
from projections.sign_ins import SIGN_INS
from projections.tallies import tables as tallies
from projections.tenant_wall import SEE_INSTALLATION

POOL_SIZE = 5
_STATEMENT_SECONDS = 5
_PATIENCE_SECONDS = 3.0
_MEMBERS_PAUSE_SECONDS = 0.05
_LONGEST_SESSION_SECONDS = 600

_SESSION = {
    "application_name": "collector query",
    "statement_timeout": f"{_STATEMENT_SECONDS}s",
    "default_transaction_read_only": "on",
    "timezone": "UTC",
    # The plan must know which month is asked for: a generic one reads every partition.
    "plan_cache_mode": "force_custom_plan",
    # Compiling costs more than any of our queries gains.
    "jit": "off",
    # Enough to count the visitors of a busy month without touching the disk; a pool of five keeps the sum modest.
    "work_mem": "32MB",
}

_CANCELLED = "57014"
# A table or a column that is not there, or that nobody has let the role for reading see.
_MISSING = ("42P01", "42703", "42501")
# By class of SQLSTATE: connection lost, wrong password, no such database, out of resources, shutting down, system error.
_AWAY = ("08", "28", "3D", "53", "57", "58")


def open_engine(database_url: str) -> AsyncEngine:
    """Return the pool; nothing is connected before the first question. Its sessions act as the role for reading."""
    engine = database.open_engine(
        database_url,
        _SESSION,
        first=TAKE_ON_ROLE,
        connect_seconds=_PATIENCE_SECONDS,
        isolation_level="REPEATABLE READ",
        pool_size=POOL_SIZE,
        max_overflow=0,
        pool_timeout=_PATIENCE_SECONDS,
        # A session from before the first migration does not act as the role yet.
        pool_recycle=_LONGEST_SESSION_SECONDS,
    )
    event.listen(engine.sync_engine, "before_execute", _make_lean, retval=True)
    return engine


def _make_lean(_: Connection, statement: Executable, several: Any, values: Any, _options: Any) -> tuple[Executable, Any, Any]:
    return lean(statement) if isinstance(statement, Select) else statement, several, values


def open_writing(database_url: str) -> AsyncEngine:
    """Return the way of the few words that the query side writes: as the owner of the tables, one session at a time."""
    return database.open_engine(
        database_url,
        {"application_name": "collector query", "statement_timeout": f"{_STATEMENT_SECONDS}s", "timezone": "UTC"},
        connect_seconds=_PATIENCE_SECONDS,
        pool_size=1,
        max_overflow=0,
        pool_timeout=_PATIENCE_SECONDS,
    )


# Under which a connection says which generations it has entered.
_ENTERED = "collector.generations"


@asynccontextmanager
async def reading(engine: AsyncEngine, caller: Caller) -> AsyncIterator[AsyncConnection]:
    """Lend a connection whose queries, on behalf of *caller*, all see the same moment and the same generation of the tables.

    Raise Refused while there is no database.
    """
    deadline = asyncio.get_running_loop().time() + _PATIENCE_SECONDS
    while True:
        async with _session(engine, caller.tenant, sees_nobodys=caller.runs_installation) as connection:
            # In the same moment as everything that is read: nobody is a guest beside a member.
            members = await connection.scalar(select(control.READING.c.members)) if caller.is_guest else 0
            is_known = members is None or members >= 0
            if is_known or asyncio.get_running_loop().time() > deadline:
                if members:
                    raise unauthorized()
                yield connection
                return
        # The first decision of all has just been made: for the moment until it is read, nobody knows whether it made a member.
        await asyncio.sleep(_MEMBERS_PAUSE_SECONDS)


@asynccontextmanager
async def at_the_door(engine: AsyncEngine) -> AsyncIterator[AsyncConnection]:
    """Lend a connection that finds out who somebody is: it sees the things of every tenant, and no facts."""
    async with _refusing(), engine.connect() as connection:
        await connection.execute(SEE_INSTALLATION)
        yield connection


@asynccontextmanager
async def writing(engine: AsyncEngine) -> AsyncIterator[AsyncConnection]:
    """Lend a transaction in which something is written; raise Refused while there is no database."""
    async with _refusing(), engine.begin() as connection:
        yield connection


@asynccontextmanager
async def _session(engine: AsyncEngine, tenant: str, *, sees_nobodys: bool = False) -> AsyncIterator[AsyncConnection]:
    async with _refusing(), engine.connect() as connection:
        connection.info[_ENTERED] = await enter_current(connection, tenant=tenant, sees_nobodys=sees_nobodys)
        yield connection


@asynccontextmanager
async def _refusing() -> AsyncIterator[None]:
    try:
        yield
    except DBAPIError as error:
        raise _refusal(error) from error
    except (OSError, TimeoutError, PoolTimeout, asyncpg.PostgresError, asyncpg.InterfaceError) as error:
        raise _away() from error


def schema_of(connection: AsyncConnection, projection: Projection) -> str:
    """Return the schema of the generation of *projection* that *connection* reads, or raise Refused while there is none."""
    schemas = str(connection.info[_ENTERED]).split()
    for schema in schemas:
        if schema.rpartition("_g")[0] == projection.name:
            return schema
    raise _not_migrated()


async def check_tables(engine: AsyncEngine) -> None:
    """Return when Postgres answers and holds every table, or raise Refused."""
    shared = (GENERATIONS, *tallies.TABLES, *control.TABLES, SIGN_INS)
    names = [table.name for table in (*shared, *(table for each in PROJECTIONS for table in each.relations))]
    async with _session(engine, "") as connection:
        # The tables that are missing, by the names that we know them under.
        missing = text("SELECT name FROM unnest(CAST(:names AS text[])) AS name WHERE to_regclass(name) IS NULL")
        if (await connection.execute(missing, {"names": names})).first() is not None:
            raise _not_migrated()


def _refusal(error: DBAPIError) -> Exception:
    sqlstate = str(getattr(error.orig, "sqlstate", None) or "")
    if sqlstate == _CANCELLED:
        return unavailable("too_slow", "The question takes too long. Ask for fewer days or without filters.", retry_after=30)
    if sqlstate in _MISSING:
        return _not_migrated()
    if error.connection_invalidated or not sqlstate or sqlstate.startswith(_AWAY):
        return _away()
    return error


def _away() -> Refused:
    return unavailable("database_unavailable", "Postgres cannot be reached. Facts are still collected; ask again in a moment.")


def _not_migrated() -> Refused:
    return unavailable(
        "not_migrated",
        "The database lacks tables that this version needs. Run: collector migrate (and collector backfill if it still does)",
    )
