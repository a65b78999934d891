"""The sites that have facts, and how their last week went."""

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime

from msgspec import UNSET, Struct, UnsetType
from sqlalchemy import select, text
from sqlalchemy.ext.asyncio import AsyncConnection

from projections.query.caller import Caller
from projections.query.counts import ByBucket, BySite, counts
from projections.query.periods import Interval, Period, Span, edges
from projections.query.question import WebQuestion, parse_question
from projections.query.sums import VISITORS
from projections.query.tallies import Ended, NotStored, not_stored
from projections.read_models.hits import HITS

MAX_SITES = 500

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
    """A site that has facts, and its human visitors of the last seven UTC days, oldest first, today last.

    ``not_stored`` says how those of its hits ended that were not stored in the last 24 hours.
    """

    site: str
    visitors: int
    visitors_per_day: list[int]
    not_stored: list[Ended] | UnsetType = UNSET


class SiteList(Struct, frozen=True, kw_only=True):
    """The answer: every site that has facts, by name, and what was not stored in the last 24 hours.

    Where no ingest process has ever told its tally, nothing is said of what was not stored.
    """

    sites: list[SiteWeek]
    as_of: datetime | None = None
    not_stored: NotStored | UnsetType = UNSET


async def list_sites(connection: AsyncConnection, caller: Caller, now: datetime) -> SiteList:
    """Return the sites of *caller* that have facts."""
    names = await site_names(connection, caller)
    weeks = await _weeks(connection, parse_question({"period": [Period.WEEK]}, caller=caller, sites=(), now=now))
    told = await not_stored(connection, caller, names, now)
    elsewhere, by_site = told if told is not None else (UNSET, dict.fromkeys(names, UNSET))
    return SiteList(
        sites=[
            SiteWeek(
                site=name,
                visitors=sum(weeks[name]),
                visitors_per_day=weeks[name],
                not_stored=by_site[name],
            )
            for name in names
        ],
        not_stored=elsewhere,
    )


async def site_names(connection: AsyncConnection, caller: Caller) -> Sequence[str]:
    """Return the names of the sites of *caller* that have facts, as many as a list may have."""
    return (await connection.execute(_NAMES, {"tenant": caller.tenant, "limit": MAX_SITES})).scalars().all()


async def facts_span(connection: AsyncConnection, caller: Caller, site: str) -> Span | None:
    """Return the moments of the first and the last fact of *site*, or None when it has none."""
    of_site = (HITS.c.tenant == caller.tenant, HITS.c.site == site)
    # Two index probes; min() and max() together would read the whole site.
    first = select(HITS.c.occurred_at).where(*of_site).order_by(HITS.c.occurred_at).limit(1)
    last = select(HITS.c.occurred_at).where(*of_site).order_by(HITS.c.occurred_at.desc()).limit(1)
    since = (await connection.execute(first)).scalar()
    until = (await connection.execute(last)).scalar()
    return Span(since, until) if since and until else None


async def _weeks(connection: AsyncConnection, week: WebQuestion) -> defaultdict[str, list[int]]:
    bounds = edges(week.days, week.zone, Interval.DAY)
    weeks: defaultdict[str, list[int]] = defaultdict(lambda: [0] * len(week.days))
    for row in await counts(connection, week, week.span, [VISITORS], BySite(), ByBucket(bounds)):
        site, day = row.key
        weeks[site][day - 1] = row.sums["visitors"]
    return weeks
