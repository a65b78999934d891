"""Joining visits with the facts that lie in them: how Postgres is kept from looking through all visits for each fact."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

_LOOPS = {is_on: text(f"SELECT set_config('enable_nestloop', '{is_on}', true)") for is_on in ("on", "off")}


@asynccontextmanager
async def joined_at_once(connection: AsyncConnection) -> AsyncIterator[None]:
    """Let both sides of a join be read once for the length of the block.

    In a month that nobody has analysed yet Postgres expects one row of everything, and then takes the loop that is quadratic.
    """
    await connection.execute(_LOOPS["off"])
    yield
    # Not where it failed: then the transaction is over, and the setting with it.
    await connection.execute(_LOOPS["on"])
