"""When each key was used last, as far as the tallies tell: by the hour, which is all that is kept of it."""

from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from contracts.tallies import OTHER_KEYS
from projections.tallies.tables import TALLIES


async def last_uses(connection: AsyncConnection, tenant: str, *, since: datetime) -> dict[str, datetime]:
    """Return the hour in which each key of *tenant* sent something last, by the key's id; who has not *since* is not in it."""
    columns = TALLIES.c
    used = (
        select(columns.key_id, func.max(columns.hour).label("hour"))
        .where(columns.tenant == tenant, columns.hour >= since, columns.key_id.not_in(("", OTHER_KEYS)))
        .group_by(columns.key_id)
    )
    return {row.key_id: row.hour for row in await connection.execute(used)}
