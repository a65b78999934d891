"""The sites of a caller, and how their last week went."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from datetime import datetime

from msgspec import UNSET, Struct, UnsetType
from sqlalchemy import select, text
from sqlalchemy.ext.asyncio import AsyncConnection

from contracts.control.sites import NameUse, Site, SiteState
from projections.query.caller import Caller
from projections.query.counts import ByBucket, BySite, counts
from projections.query.known_sites import FACT_TABLES, Listing, decided_sites
from projections.query.periods import Interval, Period, Span, edges
from projections.query.question import WebQuestion, parse_question
from projections.query.sums import VISITORS
from projections.query.tallies import Ended, NotStored, not_stored
from projections.read_models.dictionaries import SITE_IDS
from projections.read_models.hits import HITS, site_number

MAX_SITES = 500

# Every site of a tenant, one index probe each instead of reading all facts.
_NAMES_IN = """
    (WITH RECURSIVE names AS (
        (SELECT site FROM {table} WHERE tenant = :tenant ORDER BY site LIMIT 1)
        UNION ALL
        SELECT (SELECT site FROM {table} WHERE tenant = :tenant AND site > names.site ORDER BY site LIMIT 1)
        FROM names WHERE names.site IS NOT NULL
    )
    SELECT site FROM names WHERE site IS NOT NULL LIMIT :limit)
"""
_NAMES = text(
    "SELECT DISTINCT site FROM ("
    + " UNION ALL ".join(_NAMES_IN.format(table=table) for table in FACT_TABLES)
    + ") AS named ORDER BY site LIMIT :limit"
)

_NAMED_IN = "EXISTS (SELECT FROM {table} AS told WHERE told.tenant = :tenant AND told.site = named.site)"
_NAMED = text(
    "SELECT site FROM unnest(CAST(:sites AS text[])) AS named (site) WHERE "
    + " OR ".join(_NAMED_IN.format(table=table) for table in FACT_TABLES)
)


# Two index probes for each; min() and max() together would read whole sites.
_SPANS = text(f"""
    SELECT named.site, first.occurred_at AS since, last.occurred_at AS until
    FROM unnest(CAST(:sites AS text[])) AS named (site),
    LATERAL (SELECT id FROM {SITE_IDS.name} WHERE tenant = :tenant AND site = named.site) AS of,
    LATERAL (SELECT occurred_at FROM {HITS.name} WHERE site_id = of.id ORDER BY occurred_at LIMIT 1) AS first,
    LATERAL (SELECT occurred_at FROM {HITS.name} WHERE site_id = of.id ORDER BY occurred_at DESC LIMIT 1) AS last
""")


class SiteWeek(Struct, frozen=True, kw_only=True):
    """A site, and its human visitors of the last seven UTC days, oldest first, today last.

    ``label`` and ``state`` are there where something was decided about it. ``not_stored`` says how those of its hits ended that
    were not stored in the last 24 hours.
    """

    site: str
    visitors: int
    visitors_per_day: list[int]
    label: str | UnsetType = UNSET
    state: SiteState | UnsetType = UNSET
    not_stored: list[Ended] | UnsetType = UNSET


class SiteEntry(Struct, frozen=True, kw_only=True):
    """A site: what it is called in facts and addresses, and on pages; ``names`` are those that it goes by, each with its use.

    What nothing was decided about has no ``state``: the settings list it, or its facts say that there is one.
    """

    site: str
    has_facts: bool
    label: str = ""
    timezone: str = "UTC"
    names: dict[str, NameUse] = {}
    state: SiteState | UnsetType = UNSET


class SiteDirectory(Struct, frozen=True, kw_only=True):
    """The answer: every site of the caller, by name, those without facts and those that take no more included."""

    sites: list[SiteEntry]


class SiteList(Struct, frozen=True, kw_only=True):
    """The answer: every site of the caller, by name, and what was not stored in the last 24 hours.

    Where no ingest process has ever told its tally, nothing is said of what was not stored.
    """

    sites: list[SiteWeek]
    as_of: datetime | None = None
    not_stored: NotStored | UnsetType = UNSET


async def list_sites(connection: AsyncConnection, caller: Caller, now: datetime, listing: Listing) -> SiteList:
    """Return the sites of *caller*, also those without facts."""
    decided = await decided_sites(connection, caller)
    names = _names(caller, listing, decided, await site_names(connection, caller))
    weeks = await _weeks(connection, parse_question({"period": [Period.WEEK]}, caller=caller, sites=(), now=now))
    told = await not_stored(connection, caller, names, now)
    elsewhere, by_site = told if told is not None else (UNSET, dict.fromkeys(names, UNSET))
    return SiteList(
        sites=[
            SiteWeek(
                site=name,
                visitors=sum(weeks[name]),
                visitors_per_day=weeks[name],
                label=decided[name].label if name in decided else UNSET,
                state=decided[name].state if name in decided else UNSET,
                not_stored=by_site[name],
            )
            for name in names
        ],
        not_stored=elsewhere,
    )


async def list_directory(connection: AsyncConnection, caller: Caller, listing: Listing) -> SiteDirectory:
    """Return what the sites of *caller* are called and whether they take facts."""
    decided = await decided_sites(connection, caller)
    with_facts = frozenset(await site_names(connection, caller))
    names = _names(caller, listing, decided, with_facts)
    return SiteDirectory(sites=[_entry(name, decided.get(name), has_facts=name in with_facts) for name in names])


async def site_names(connection: AsyncConnection, caller: Caller) -> list[str]:
    """Return the names of the sites of *caller* that have facts, as many as a list may have."""
    if caller.sites is not None:
        asked = {"tenant": caller.tenant, "sites": sorted(caller.sites)}
        return list((await connection.execute(_NAMED, asked)).scalars())
    return list((await connection.execute(_NAMES, {"tenant": caller.tenant, "limit": MAX_SITES})).scalars())


def _names(caller: Caller, listing: Listing, decided: Mapping[str, Site], with_facts: Iterable[str]) -> list[str]:
    listed = [name for name in listing.names_for(caller.tenant) if caller.may_see(name)]
    gone = {key for key, site in decided.items() if site.state is SiteState.ERASED}
    return sorted({*decided, *listed, *with_facts} - gone)[:MAX_SITES]


def _entry(name: str, site: Site | None, *, has_facts: bool) -> SiteEntry:
    if site is None:
        return SiteEntry(site=name, has_facts=has_facts)
    return SiteEntry(
        site=name, has_facts=has_facts, label=site.label, timezone=site.timezone, names=site.names, state=site.state
    )


async def facts_span(connection: AsyncConnection, caller: Caller, site: str) -> Span | None:
    """Return the moments of the first and the last fact of *site*, or None when it has none."""
    of_site = (HITS.c.site_id == site_number(caller.tenant, site),)
    # Two index probes; min() and max() together would read the whole site.
    first = select(HITS.c.occurred_at).where(*of_site).order_by(HITS.c.occurred_at).limit(1)
    last = select(HITS.c.occurred_at).where(*of_site).order_by(HITS.c.occurred_at.desc()).limit(1)
    since = (await connection.execute(first)).scalar()
    until = (await connection.execute(last)).scalar()
    return Span(since, until) if since and until else None


async def spans_of(connection: AsyncConnection, caller: Caller, sites: Iterable[str]) -> dict[str, Span]:
    """Return the moments of the first and the last fact of each of *sites* that has any."""
    asked = {"tenant": caller.tenant, "sites": list(sites)}
    if not asked["sites"]:
        return {}
    return {row.site: Span(row.since, row.until) for row in await connection.execute(_SPANS, asked)}


async def _weeks(connection: AsyncConnection, week: WebQuestion) -> defaultdict[str, list[int]]:
    bounds = edges(week.days, week.zone, Interval.DAY)
    weeks: defaultdict[str, list[int]] = defaultdict(lambda: [0] * len(week.days))
    for row in await counts(connection, week, week.span, [VISITORS], BySite(), ByBucket(bounds)):
        site, day = row.key
        weeks[site][day - 1] = row.sums["visitors"]
    return weeks
