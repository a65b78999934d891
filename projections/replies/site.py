"""Which site a question is about that names none: the key's, else the one that it names besides, else the only one there is."""

from typing import Final

from sqlalchemy.ext.asyncio import AsyncConnection

from contracts.control.sites import SiteState
from projections.query.asked import site_named
from projections.query.caller import Caller
from projections.query.known_sites import Listing, decided_sites, known_site
from projections.query.problems import not_found

_LOCALHOST: Final = "localhost"


async def site_for(connection: AsyncConnection, caller: Caller, listing: Listing, *, named: str = "") -> str:
    """Return the site that *caller* asks about, by the name that stands in the question if any; or raise Refused."""
    if named:
        return await known_site(connection, caller, site_named(named), listing)
    if caller.sites is not None and len(caller.sites) == 1:
        return next(iter(caller.sites))
    decided = await decided_sites(connection, caller)
    open_ = {key for key, site in decided.items() if site.state is not SiteState.ERASED}
    candidates = open_ | {name for name in listing.names_for(caller.tenant) if caller.may_see(name)}
    if not candidates and listing.sites is None:
        return _LOCALHOST
    if len(candidates) != 1:
        raise not_found("Which site is meant is not clear. Show a key that is for one site, or add ?site= with its name.")
    return candidates.pop()
