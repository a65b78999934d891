"""Mounts as questions meet them: which site a system's addresses speak of, and whether anybody may ask for its numbers."""

from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from contracts.control.keys import Scope
from contracts.control.mounts import MountClaim, mount_id
from contracts.control.sites import Site, SiteState, site_id
from contracts.mounts import Mount
from projections.control.tables import things_by_id
from projections.query.asked import site_named
from projections.query.caller import Caller
from projections.query.database import at_the_door
from projections.query.known_sites import Listing, decided_sites, known_site
from projections.query.problems import Refused, not_found

ANYBODY = "anybody"
LOCALHOST = "localhost"


async def public_caller(engine: AsyncEngine, mount: Mount) -> Caller | None:
    """Return whoever shows nothing where the site that is bound to *mount* is open to anybody, else None."""
    async with at_the_door(engine) as connection:
        site = await _bound(connection, mount)
    if site is None or not site.is_public:
        return None
    scopes = frozenset({Scope.READ})
    return Caller(tenant=site.tenant, scopes=scopes, sites=frozenset({site.key}), credential=ANYBODY)


async def site_at(connection: AsyncConnection, caller: Caller, mount: Mount, listing: Listing, *, named: str = "") -> str:
    """Return the site that *caller* means at the addresses of *mount*, or raise Refused.

    It is the one that is *named* besides, their key's, the one that is bound to the mount, or the only one there is.
    """
    if named:
        return await known_site(connection, caller, site_named(named), listing)
    if caller.sites is not None and len(caller.sites) == 1:
        return next(iter(caller.sites))
    bound = await _bound(connection, mount)
    if bound is not None and bound.tenant == caller.tenant and caller.may_see(bound.key):
        return bound.key
    if listing.sites is None and caller.may_see(LOCALHOST):
        return LOCALHOST
    open_sites = {key for key, site in (await decided_sites(connection, caller)).items() if site.state is SiteState.OPEN}
    only = open_sites | {name for name in listing.names_for(caller.tenant) if caller.may_see(name)}
    if len(only) != 1:
        raise _unbound(mount)
    return only.pop()


async def _bound(connection: AsyncConnection, mount: Mount) -> Site | None:
    claim = (await things_by_id(connection, [mount_id(mount)])).get(mount_id(mount))
    if not isinstance(claim, MountClaim) or not claim.key:
        return None
    id_ = site_id(claim.tenant, claim.key)
    site = (await things_by_id(connection, [id_])).get(id_)
    return site if isinstance(site, Site) and site.state in (SiteState.OPEN, SiteState.ARCHIVED) else None


def _unbound(mount: Mount) -> Refused:
    return not_found(
        f"Nobody can tell which site is meant. Show a key of one, or bind it: `collector sites bind {mount} SITE`."
    )
