"""Which names are sites of a caller: what was decided, what the settings list, and, where any name is a site, what has facts.

A name that is none, and one that is somebody else's, are the same 404 everywhere.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from msgspec import Struct
from msgspec.structs import replace
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from contracts.control.sites import KIND, Site, SiteState, name_id, site_id
from projections.control.tables import things_by_id, things_of
from projections.query.caller import Caller
from projections.query.database import reading
from projections.query.problems import Refused, not_found
from projections.query.question import WebQuestion

UTC = "UTC"


class Listing(Struct, frozen=True, kw_only=True):
    """The sites that the settings list for their *tenant*; None where any name is one until sites are decided about."""

    tenant: str
    sites: frozenset[str] | None = None

    def names_for(self, tenant: str) -> frozenset[str]:
        """Return those that are listed for *tenant*."""
        return self.sites if self.sites is not None and tenant == self.tenant else frozenset()


# Each part is one probe of an index.
_KNOWN = text(f"""
    SELECT (SELECT state ->> 'state' FROM control_things WHERE id = :site_id AND tenant = :tenant) AS state,
           (SELECT state ->> 'key' FROM control_things WHERE id = :name_id AND tenant = :tenant) AS key,
           EXISTS (SELECT FROM control_things WHERE tenant = :tenant AND kind = '{KIND}') AS decides,
           EXISTS (SELECT FROM hits WHERE tenant = :tenant AND site = :site) AS has_facts
""")


@asynccontextmanager
async def reading_about(
    engine: AsyncEngine, question: WebQuestion, listing: Listing
) -> AsyncIterator[tuple[AsyncConnection, WebQuestion]]:
    """Lend what reading() lends, and *question* about the site that goes by the name; raise Refused where none does."""
    async with reading(engine, question.caller) as connection:
        site = await known_site(connection, question.caller, question.site, listing)
        yield connection, question if site == question.site else replace(question, sites=(site,))


async def known_site(connection: AsyncConnection, caller: Caller, claimed: str, listing: Listing) -> str:
    """Return the key of the site of *caller* that is called *claimed*, or raise Refused."""
    asked = {
        "tenant": caller.tenant,
        "site": claimed,
        "site_id": site_id(caller.tenant, claimed),
        "name_id": name_id(claimed),
    }
    row = (await connection.execute(_KNOWN, asked)).one()
    is_decided = row.state is not None and row.state != SiteState.ERASED
    if row.key and not is_decided:
        return _if_seen(caller, row.key)
    is_undecided = row.state is None and (
        row.has_facts or claimed in listing.names_for(caller.tenant) or (listing.sites is None and not row.decides)
    )
    if not is_decided and not is_undecided:
        raise no_such_site()
    return _if_seen(caller, claimed)


async def decided_sites(connection: AsyncConnection, caller: Caller) -> dict[str, Site]:
    """Return the sites of *caller* that were decided about, by their keys, those that are erased included."""
    things = await things_of(connection, KIND, caller.tenant)
    return {site.key: site for site in things if isinstance(site, Site) and caller.may_see(site.key)}


async def home_zone(engine: AsyncEngine, caller: Caller, claimed: str) -> str:
    """Return the time zone by which the days of the site *claimed* begin unless somebody asks for another."""
    async with reading(engine, caller) as connection:
        site = (await things_by_id(connection, [site_id(caller.tenant, claimed)])).get(site_id(caller.tenant, claimed))
    return site.timezone if isinstance(site, Site) and caller.may_see(site.key) else UTC


def no_such_site() -> Refused:
    """Return the refusal of a name that is no site of the caller's."""
    return not_found("There is no such site. The front page and /api/sites list those that there are.")


def _if_seen(caller: Caller, key: str) -> str:
    if not caller.may_see(key):
        raise no_such_site()
    return key
