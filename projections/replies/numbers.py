"""What the database holds, by the words of bilan-server's /metrics: its size, and how many facts of a tenant are in it."""

from typing import Any

from sqlalchemy import func, select, text
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from projections.projections import PROJECTIONS
from projections.projector.totals import TOTALS
from projections.query.caller import only_caller
from projections.query.database import reading, schema_of

_SIZE = text("SELECT pg_database_size(current_database())")
_MEGABYTE = 1_000_000


async def database_numbers(engine: AsyncEngine, tenant: str) -> dict[str, Any]:
    """Return the size of the database, and how many facts of *tenant* are in it; raise Refused while there is none."""
    async with reading(engine, only_caller(tenant)) as connection:
        size = int(await connection.scalar(_SIZE) or 0)
        events = [await _applied(connection, schema_of(connection, each), tenant) for each in PROJECTIONS]
    return {"size": f"{size / _MEGABYTE:.1f}MB", "events": sum(events)}


async def _applied(connection: AsyncConnection, schema: str, tenant: str) -> int:
    query = select(func.coalesce(func.sum(TOTALS.c.applied), 0)).where(TOTALS.c.tenant == tenant)
    return int(await connection.scalar(query, execution_options={"schema_translate_map": {None: schema}}) or 0)
