"""The sites that have facts, and how their last week went."""

from collections import defaultdict
from datetime import UTC, datetime, timedelta

from msgspec import Struct
from sqlalchemy import DateTime, bindparam, func, select, text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.ext.asyncio import AsyncConnection

from projections.query.periods import Span
from projections.query.tally import visit_tally
from projections.read_models.hits import HITS
from projections.read_models.visits import VISITS

WEEK = 7
MAX_SITES = 500
_DAY = timedelta(days=1)

# Every site of a tenant, one index probe each instead of reading all facts.
_NAMES = text("""
    WITH RECURSIVE names AS (
        (SELECT site FROM hits WHERE tenant = :tenant ORDER BY site LIMIT 1)
        UNION ALL
        SELECT (SELECT site FROM hits WHERE tenant = :tenant AND site > names.site ORDER BY site LIMIT 1)
        FROM names WHERE names.site IS NOT NULL
    )
    SELECT site FROM names WHERE site IS NOT NULL LIMIT :limit
""")


class SiteWeek(Struct, frozen=True, kw_only=True):
    """A site that has facts, and its human visitors of the last seven UTC days, oldest first, today last."""

    site: str
    visitors: int
    visitors_per_day: list[int]


class Sites(Struct, frozen=True, kw_only=True):
    """The answer: every site that has facts, by name."""

    sites: list[SiteWeek]
    as_of: datetime | None = None


async def list_sites(connection: AsyncConnection, *, tenant: str, now: datetime) -> Sites:
    """Return the sites of *tenant* that have facts."""
    names = (await connection.execute(_NAMES, {"tenant": tenant, "limit": MAX_SITES})).scalars().all()
    weeks = await _weeks(connection, tenant, now)
    return Sites(sites=[SiteWeek(site=name, visitors=sum(weeks[name]), visitors_per_day=weeks[name]) for name in names])


async def facts_span(connection: AsyncConnection, *, tenant: str, site: str) -> Span | None:
    """Return the moments of the first and the last fact of *site*, or None when it has none."""
    of_site = (HITS.c.tenant == tenant, HITS.c.site == site)
    # Two index probes; min() and max() together would read the whole site.
    first = select(HITS.c.occurred_at).where(*of_site).order_by(HITS.c.occurred_at).limit(1)
    last = select(HITS.c.occurred_at).where(*of_site).order_by(HITS.c.occurred_at.desc()).limit(1)
    since = (await connection.execute(first)).scalar()
    until = (await connection.execute(last)).scalar()
    return Span(since, until) if since and until else None


async def _weeks(connection: AsyncConnection, tenant: str, now: datetime) -> defaultdict[str, list[int]]:
    today = now.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    bounds = [today + (number - WEEK + 1) * _DAY for number in range(WEEK + 1)]
    day = func.width_bucket(VISITS.c.began_at, bindparam("days", bounds, type_=ARRAY(DateTime(timezone=True)))).label("number")
    recent = [
        VISITS.c.tenant == tenant,
        VISITS.c.bot.is_(False),
        VISITS.c.began_at >= bounds[0],
        VISITS.c.began_at < bounds[-1],
    ]
    weeks: defaultdict[str, list[int]] = defaultdict(lambda: [0] * WEEK)
    for row in await connection.execute(visit_tally(recent, VISITS.c.site.label("site"), day)):
        weeks[row.site][row.number - 1] = row.visitors
    return weeks
