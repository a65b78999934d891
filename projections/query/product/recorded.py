"""The last actions of a site, one by one, and how many of which name there were in the last hours."""

from datetime import datetime
from typing import Any, Final

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from projections.query.caller import Caller

_LAST: Final = text("""
    SELECT seq, occurred_at, subject, name, os, version, host_version, country, region, duration_ms, exit_code, props
    FROM actions WHERE tenant = :tenant AND site = :site ORDER BY occurred_at DESC, seq DESC LIMIT :limit
""")
_NAMED: Final = text("""
    SELECT name, count(*) AS hits FROM actions
    WHERE tenant = :tenant AND site = :site AND occurred_at >= :since GROUP BY name ORDER BY hits DESC, name
""")


async def last_actions(connection: AsyncConnection, caller: Caller, site: str, limit: int) -> list[dict[str, Any]]:
    """Return the last *limit* actions by the time at which they happened, the newest first."""
    asked = {"tenant": caller.tenant, "site": site, "limit": limit}
    return [dict(row) for row in (await connection.execute(_LAST, asked)).mappings()]


async def names_since(connection: AsyncConnection, caller: Caller, site: str, since: datetime) -> dict[str, int]:
    """Return how many actions of each name happened from *since* on, the most frequent first."""
    asked = {"tenant": caller.tenant, "site": site, "since": since}
    return {row.name: row.hits for row in await connection.execute(_NAMED, asked)}
