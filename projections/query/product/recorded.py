"""The actions of a site whole, one by one: the last ones, and every one; and how many of which name there were lately."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Any, Final

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from projections.query.caller import Caller

# One reading of a database that answers within seconds; the next begins where it ended.
AT_ONCE: Final = 5000
_BEGINNING: Final = (datetime(1900, 1, 1, tzinfo=UTC), "00000000-0000-0000-0000-000000000000")
_COLUMNS: Final = """
    seq, event_id::text AS id, occurred_at, received_at, subject, session, name, os, version, host_version, country, region,
    duration_ms, exit_code, props
"""
_LAST: Final = text(f"""
    SELECT {_COLUMNS} FROM actions WHERE tenant = :tenant AND site = :site ORDER BY occurred_at DESC, event_id DESC LIMIT :limit
""")
_NEXT: Final = text(f"""
    SELECT {_COLUMNS} FROM actions WHERE tenant = :tenant AND site = :site
    AND (occurred_at, event_id) > (CAST(:since AS timestamptz), CAST(:id AS uuid))
    ORDER BY occurred_at, event_id LIMIT {AT_ONCE}
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


async def arrived_actions(connection: AsyncConnection, tenant: str, site: str) -> AsyncIterator[list[dict[str, Any]]]:
    """Yield every action of the site in the order in which they happened, some thousand at a time."""
    since, id_ = _BEGINNING
    while True:
        asked = {"tenant": tenant, "site": site, "since": since, "id": id_}
        found = [dict(row) for row in (await connection.execute(_NEXT, asked)).mappings()]
        if not found:
            return
        yield found
        since, id_ = found[-1]["occurred_at"], found[-1]["id"]
