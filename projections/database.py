"""How both sides meet Postgres: the engine, COPY, and which errors are a fact's fault and which are the weather."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import asyncpg
from sqlalchemy import Table
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine

from projections.stream.item import Reason

CONNECT_SECONDS = 5
STATEMENT_SECONDS = 30

# A batch's position and rows live in one transaction and Postgres can be computed again, so a crash that loses the last
# moments loses them together; waiting for the disk would buy nothing. A plan kept from when a table was small is ruinous once
# it is large, and compiling small statements only costs.
PROJECTING: Mapping[str, str] = {
    "application_name": "collector project",
    "synchronous_commit": "off",
    "plan_cache_mode": "force_custom_plan",
    "jit": "off",
    "timezone": "UTC",
}

_DATA_ERRORS = {"22": Reason.VALUE, "23": Reason.CONSTRAINT, "54": Reason.LIMIT}
_NO_PARTITION_FOR_ROW = "23514"

_ADVICE = {
    "3D000": "the database does not exist; run `collector migrate`",
    "42P01": "a table is missing; run `collector migrate`, and if it still is, `collector backfill`",
    "42703": "a column is missing; run `collector migrate`, and if it still is, `collector backfill`",
    "3F000": "a schema is missing; run `collector migrate`",
    "42501": "Postgres does not allow it to this user, who has to own the tables and needs CREATE on the database",
    "28000": "Postgres refuses the login; check user and password in the database's address",
    "28P01": "Postgres refuses the password; check it in the database's address",
}


# What an absent or unwilling Postgres raises, through SQLAlchemy or before it.
POSTGRES_ERRORS = (DBAPIError, PoolTimeout, asyncpg.PostgresError, asyncpg.InterfaceError, OSError, TimeoutError)


class Unstorable(ValueError):
    """A value has no form that the driver could send to Postgres."""


def open_engine(
    database_url: str,
    session: Mapping[str, str] = PROJECTING,
    *,
    schema: str = "",
    first: str = "",
    connect_seconds: float = CONNECT_SECONDS,
    **pool: Any,
) -> AsyncEngine:
    """Return an engine for *database_url*, which asyncpg itself reads, so that libpq's parameters such as sslmode work.

    *session* are Postgres's settings for each session; unqualified names mean the tables of *schema* alone where one is given.
    *first* is a statement that each session begins with, and *pool* is what SQLAlchemy is told about the pool and the
    transactions.
    """
    settings = dict(session) | ({"search_path": schema} if schema else {})

    async def connect() -> asyncpg.Connection:
        connection = await asyncpg.connect(
            database_url,
            timeout=connect_seconds,
            # Whoever has Postgres end its statements needs no patience of ours.
            command_timeout=None if "statement_timeout" in settings else STATEMENT_SECONDS,
            server_settings=settings,
        )
        if first:
            await connection.execute(first, timeout=connect_seconds)
        return connection

    return create_async_engine("postgresql+asyncpg://", async_creator=connect, pool_pre_ping=True, **({"pool_size": 4} | pool))


async def copy_rows(connection: AsyncConnection, table: Table, columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
    """COPY *rows* into *table*, inside the transaction that *connection* has begun."""
    driver: Any = (await connection.get_raw_connection()).driver_connection
    try:
        await driver.copy_records_to_table(table.name, records=rows, columns=columns)
    except (ValueError, OverflowError) as error:
        raise Unstorable(type(error).__name__) from None


def sqlstate_of(error: BaseException) -> str:
    """Return the five characters by which Postgres names *error*, "" when it was not Postgres that raised it."""
    raised = error.orig if isinstance(error, DBAPIError) else error
    return str(getattr(raised, "sqlstate", None) or "")


def fault_of_the_fact(error: BaseException) -> Reason | None:
    """Return why the rows themselves were refused, or None when trying the same rows again may succeed."""
    if isinstance(error, Unstorable):
        return Reason.VALUE
    sqlstate = sqlstate_of(error)
    if sqlstate == _NO_PARTITION_FOR_ROW:
        return None
    return _DATA_ERRORS.get(sqlstate[:2])


def advice_for(error: BaseException) -> str:
    """Return what is wrong in our own words; a database's own words may quote a row."""
    sqlstate = sqlstate_of(error)
    if sqlstate:
        return _ADVICE.get(sqlstate, f"Postgres answered with error {sqlstate}; trying again")
    if isinstance(error, DBAPIError | asyncpg.InterfaceError):
        return "the connection to Postgres was lost; trying again"
    if isinstance(error, OSError | TimeoutError):
        return "Postgres cannot be reached; check that it runs and that its address is right"
    return f"unexpected {type(error).__name__}; trying again"
