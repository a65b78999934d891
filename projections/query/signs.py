"""What ingest processes have seen of each site that shows a mistake in how it is set up, and whether anybody was there yet."""

from datetime import datetime, timedelta

from msgspec import Struct
from sqlalchemy import select, text
from sqlalchemy.ext.asyncio import AsyncConnection

from contracts.tallies import SILENT_SECONDS, hour_of
from projections.query.caller import Caller
from projections.query.tallies import RECENT
from projections.read_models.hits import HITS, site_number
from projections.tallies.tables import SIGN_COUNTS

# Beyond so many of a site's first and last facts nobody looks for a person among robots.
LOOKED_AT = 500
MOST_SITES = 500


class SiteSigns(Struct, frozen=True, kw_only=True):
    """What was seen of one site ``since`` an hour; the counts are those of contracts/tallies.py, SignLine.

    ``ended`` says how many of its hits came to any end in the last 24 hours.
    """

    site: str
    since: datetime
    hits: int = 0
    pages: int = 0
    unread: int = 0
    private: int = 0
    addresses: int = 0
    agents: int = 0
    ahead: int = 0
    behind: int = 0
    loaded: int = 0
    ended: int = 0


_GREATEST = frozenset({"addresses", "agents"})
_COUNTS = ", ".join(f"{'max' if name in _GREATEST else 'sum'}(seen.{name})::bigint AS {name}" for name in SIGN_COUNTS)
# Of the processes that run, else of the last one: what was mended before one started is no sign any more. And of the last hours
# of a site only: an hour without a mistake is not told at all, so its hits are all that there is of it.
_SIGNS = text(f"""
    WITH live AS (SELECT run FROM tally_runs WHERE NOT ended AND told_at >= CAST(:silent AS timestamptz)),
    chosen AS (
        SELECT run FROM live
        UNION ALL
        (SELECT run FROM tally_runs WHERE NOT EXISTS (SELECT FROM live) ORDER BY started_at DESC LIMIT 1)
    ),
    told AS (
        SELECT site, sum(hits)::bigint AS ended, max(hour) FILTER (WHERE ending IN ('stored', 'repeated')) AS hour
        FROM tallies WHERE tenant = :tenant AND hour >= :since GROUP BY site
    )
    SELECT seen.site, min(seen.hour) AS since, coalesce(max(told.ended), 0) AS ended, {_COUNTS}
    FROM tally_signs AS seen JOIN chosen USING (run) LEFT JOIN told USING (site)
    WHERE seen.tenant = :tenant AND seen.hour >= :since
      AND (told.hour IS NULL OR seen.hour >= told.hour - interval '1 hour')
      AND (CAST(:sites AS text[]) IS NULL OR seen.site = ANY (CAST(:sites AS text[])))
    GROUP BY seen.site ORDER BY seen.site LIMIT {MOST_SITES}
""")  # names of our own


async def signs_of(connection: AsyncConnection, caller: Caller, now: datetime, as_of: datetime | None) -> list[SiteSigns]:
    """Return what was seen lately of each site of *caller*, where the tallies are known until *as_of*."""
    asked = {
        "tenant": caller.tenant,
        "since": hour_of(now - RECENT),
        "silent": (as_of or now) - timedelta(seconds=SILENT_SECONDS),
        "sites": None if caller.sites is None else sorted(caller.sites),
    }
    return [SiteSigns(**row) for row in (await connection.execute(_SIGNS, asked)).mappings()]


async def robots_only(connection: AsyncConnection, caller: Caller, site: str) -> int:
    """Return of how many facts of *site* each is a robot's, or 0 where there are none, or somebody was there."""
    of_site = select(HITS.c.bot).where(HITS.c.site_id == site_number(caller.tenant, site)).limit(LOOKED_AT)
    first = list((await connection.execute(of_site.order_by(HITS.c.occurred_at))).scalars())
    if not all(first) or len(first) < LOOKED_AT:
        return len(first) if all(first) else 0
    last = list((await connection.execute(of_site.order_by(HITS.c.occurred_at.desc()))).scalars())
    return len(first) if all(last) else 0
