"""The lease: one projector per partition does the work and others stand by; it saves work, the compare-and-set saves counts."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncEngine

# Half of the lock's name: which kind of lock it is. The other half is the partition.
_LEASES = 0x636F6C


@asynccontextmanager
async def lease(engine: AsyncEngine, partition: int) -> AsyncIterator[bool]:
    """Tell whether we are the one to read *partition*, and stay it for the length of the block."""
    async with engine.connect() as connection:
        await connection.execution_options(isolation_level="AUTOCOMMIT")
        if not await connection.scalar(select(func.pg_try_advisory_lock(_LEASES, partition))):
            yield False
            return
        try:
            yield True
        finally:
            # The lock ends with its session, in whatever state that is; in the pool it would live on.
            await connection.invalidate()
