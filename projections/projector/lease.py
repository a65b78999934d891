"""The lease: one works on a generation's partition, others stand by; it saves work, the compare-and-set saves counts."""

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import TypeAlias

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from projections.generations import LEASES, Generation, lease_of

# What tells whether we are the one to read a partition into a generation, and lets us stay it for the length of the block.
Leads: TypeAlias = Callable[[AsyncEngine, Generation, int], AbstractAsyncContextManager[bool]]


@asynccontextmanager
async def lease(engine: AsyncEngine, generation: Generation, partition: int) -> AsyncIterator[bool]:
    """Tell whether we are the one to read *partition* into *generation*, and stay it for the length of the block."""
    async with engine.connect() as connection:
        await connection.execution_options(isolation_level="AUTOCOMMIT")
        if not await take_lease(connection, generation, partition):
            yield False
            return
        try:
            yield True
        finally:
            # The lock ends with its session, in whatever state that is; in the pool it would live on.
            await connection.invalidate()


@asynccontextmanager
async def leased(_: AsyncEngine, __: Generation, ___: int) -> AsyncIterator[bool]:
    """Stand in for lease() where the lease is ours already."""
    yield True


async def take_lease(connection: AsyncConnection, generation: Generation, partition: int) -> bool:
    """Be the one to read *partition* into *generation* until the session of *connection* ends, unless somebody else is."""
    return bool(await connection.scalar(select(func.pg_try_advisory_lock(LEASES, lease_of(generation, partition)))))
