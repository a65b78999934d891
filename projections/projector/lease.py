"""The lease: one works on a generation's partition, others stand by; it saves work, the compare-and-set saves counts."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncEngine

from projections.generations import LEASES, Generation, lease_of


@asynccontextmanager
async def lease(engine: AsyncEngine, generation: Generation, partition: int) -> AsyncIterator[bool]:
    """Tell whether we are the one to read *partition* into *generation*, and stay it for the length of the block."""
    async with engine.connect() as connection:
        await connection.execution_options(isolation_level="AUTOCOMMIT")
        if not await connection.scalar(select(func.pg_try_advisory_lock(LEASES, lease_of(generation, partition)))):
            yield False
            return
        try:
            yield True
        finally:
            # The lock ends with its session, in whatever state that is; in the pool it would live on.
            await connection.invalidate()
