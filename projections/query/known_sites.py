"""Which names are sites of a caller: what was decided, what the settings list, and, where any name may send, what has facts.

A name that is none, and one that is somebody else's, are the same 404 everywhere.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime
from typing import NamedTuple

from msgspec import Struct
from msgspec.structs import replace
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from contracts.control.sites import KIND, Site, SiteState, name_id, site_id
from projections.control.tables import things_by_id, things_of
from projections.projections import PROJECTIONS, WEB
from projections.query.caller import Caller
from projections.query.database import reading
from projections.query.goals.filtering import with_goals
from projections.query.home import USUAL_ZONE, Home, at_home
from projections.query.periods import Period
from projections.query.problems import Refused, not_found
from projections.query.question import WebQuestion
from projections.read_models.dictionaries import NONE, SITE_IDS, SITE_NUMBER
from projections.read_models.hits import HITS


class Listing(Struct, frozen=True, kw_only=True):
    """The sites that the settings list for their *tenant*; None where any name becomes one by sending, until one is decided."""

    tenant: str
    sites: frozenset[str] | None = None

    def names_for(self, tenant: str) -> frozenset[str]:
        """Return those that are listed for *tenant*."""
        return self.sites if self.sites is not None and tenant == self.tenant else frozenset()


# A filter joins visits with facts, of which the planner may know nothing yet: in a month that was imported a moment ago it
# expects one row of everything, and then the loop that it takes compares each with each.
_NO_LOOPS = text("SET LOCAL enable_nestloop = off")

# Each part is one probe of an index.
_DECIDED = text(f"""
    SELECT site.state ->> 'state' AS state, named.key, named.state AS state_of_key,
           COALESCE(site.state ->> 'timezone', named.timezone, '{USUAL_ZONE}') AS timezone, ({SITE_NUMBER}) AS number,
           EXISTS (SELECT FROM control_things WHERE tenant = :tenant AND kind = '{KIND}') AS decides
    FROM (VALUES (1)) AS one
    LEFT JOIN control_things AS site ON site.id = :site_id AND site.tenant = :tenant
    LEFT JOIN (
        SELECT owner.state ->> 'key' AS key, owner.state ->> 'state' AS state, owner.state ->> 'timezone' AS timezone
        FROM control_things AS name JOIN control_things AS owner ON owner.id = name.owner
        WHERE name.id = :name_id AND name.tenant = :tenant
    ) AS named ON true
""")
# Of each family, what says which sites have facts: the table that has a row of every fact, or one with a row of each such site.
FACT_TABLES = (SITE_IDS.name, *(each.models[0].readable.name for each in PROJECTIONS if each is not WEB))
_EACH_HAS = (f"EXISTS (SELECT FROM {table} WHERE tenant = :tenant AND site = :site)" for table in FACT_TABLES)
_HAS_FACTS = text(f"SELECT {' OR '.join(_EACH_HAS)}")
_FIRST_IN = "(SELECT occurred_at FROM {table} WHERE tenant = :tenant AND site = :site ORDER BY occurred_at LIMIT 1)"
_FIRST_HIT = f"(SELECT occurred_at FROM {HITS.name} WHERE site_id = ({SITE_NUMBER}) ORDER BY occurred_at LIMIT 1)"
_FIRST_OF_OTHERS = (_FIRST_IN.format(table=table) for table in FACT_TABLES[1:])
_FIRST_FACT = text(f"SELECT LEAST({', '.join([_FIRST_HIT, *_FIRST_OF_OTHERS])})")
_HAS_ANY = (f"EXISTS (SELECT FROM {table} WHERE tenant = :tenant)" for table in FACT_TABLES)
_TENANT_HAS_FACTS = text(f"SELECT {' OR '.join(_HAS_ANY)}")


@asynccontextmanager
async def reading_about(
    engine: AsyncEngine, question: WebQuestion, listing: Listing
) -> AsyncIterator[tuple[AsyncConnection, WebQuestion]]:
    """Lend what reading() lends, and *question* about the site that goes by the name; raise Refused where none does.

    What the question leaves to the site, where days begin and with which of them, is then as the site has it.
    """
    async with reading(engine, question.caller) as connection:
        found = await _found(connection, question.caller, question.site, listing)
        named = replace(question, sites=(found.key,), number=found.number)
        if question.filters:
            await avoid_loops(connection)
        first = await _first_fact(connection, named.caller, found.key) if named.period is Period.ALL else None
        yield connection, await with_goals(connection, at_home(named, Home(timezone=found.timezone, first=first)))


async def named_as_it_is(engine: AsyncEngine, question: WebQuestion, listing: Listing) -> WebQuestion:
    """Return *question* as reading_about() does, to be asked by another connection: the site may have another number there."""
    async with reading_about(engine, question, listing) as (_, named):
        return replace(named, number=None)


async def avoid_loops(connection: AsyncConnection) -> None:
    """Have what joins visits with facts be hashed or merged, until the transaction ends."""
    await connection.execute(_NO_LOOPS)


async def known_site(connection: AsyncConnection, caller: Caller, claimed: str, listing: Listing) -> str:
    """Return the key of the site of *caller* that is called *claimed*, or raise Refused."""
    return (await _found(connection, caller, claimed, listing)).key


class _Found(NamedTuple):
    """A site's key, its time zone, and its number in the tables that are read: none that is given where it has no facts."""

    key: str
    timezone: str
    number: int


async def _found(connection: AsyncConnection, caller: Caller, claimed: str, listing: Listing) -> _Found:
    """Return the site that is called *claimed*, or raise Refused."""
    asked = {
        "tenant": caller.tenant,
        "site": claimed,
        "site_id": site_id(caller.tenant, claimed),
        "name_id": name_id(claimed),
    }
    row = (await connection.execute(_DECIDED, asked)).one()
    # What is a site's key leads to that site, also where the site has given the name up.
    key, state = (row.key, row.state_of_key) if row.state is None and row.key else (claimed, row.state)
    if state == SiteState.ERASED or not caller.may_see(key):
        raise no_such_site()
    if state is None and not await _goes_undecided(connection, caller, claimed, listing, decides=row.decides):
        raise no_such_site()
    number = row.number if key == claimed else await connection.scalar(text(SITE_NUMBER), asked | {"site": key})
    return _Found(key, row.timezone, number or NONE)


async def _goes_undecided(
    connection: AsyncConnection, caller: Caller, claimed: str, listing: Listing, *, decides: bool
) -> bool:
    """Say whether *claimed* is a site although nothing was decided about it; whether the tenant *decides* at all is known.

    Where any name may send, the first one is awaited under whatever it will be; from then on a name that has not sent is a
    misspelt one.
    """
    if claimed in listing.names_for(caller.tenant):
        return True
    if await connection.scalar(_HAS_FACTS, {"tenant": caller.tenant, "site": claimed}):
        return True
    awaits_first = listing.sites is None and not decides
    return awaits_first and not await connection.scalar(_TENANT_HAS_FACTS, {"tenant": caller.tenant})


async def decided_sites(connection: AsyncConnection, caller: Caller) -> dict[str, Site]:
    """Return the sites of *caller* that were decided about, by their keys, those that are erased included."""
    things = await things_of(connection, KIND, caller.tenant)
    return {site.key: site for site in things if isinstance(site, Site) and caller.may_see(site.key)}


async def home_of(engine: AsyncEngine, caller: Caller, claimed: str) -> Home:
    """Return what the site *claimed* says about days, as far as *caller* may know it."""
    id_ = site_id(caller.tenant, claimed)
    async with reading(engine, caller) as connection:
        site = (await things_by_id(connection, [id_])).get(id_)
        first = await _first_fact(connection, caller, claimed) if caller.may_see(claimed) else None
    if not isinstance(site, Site) or not caller.may_see(site.key):
        return Home(first=first)
    return Home(timezone=site.timezone, first=first, described=(site.version, site.label))


async def _first_fact(connection: AsyncConnection, caller: Caller, site: str) -> datetime | None:
    """Return the moment of the first fact of *site*, of whichever family, None where there is none."""
    first: datetime | None = await connection.scalar(_FIRST_FACT, {"tenant": caller.tenant, "site": site})
    return first


def no_such_site() -> Refused:
    """Return the refusal of a name that is no site of the caller's."""
    return not_found(
        "The front page and /api/sites list the sites that there are. A new one is added there; in development, where any name "
        "may send, it is one with its first event.",
        title="There is no such site",
    )
