"""The settings of one site: what it is called, whom it takes facts from, how people are treated, what is left out, its end."""

from typing import Any
from urllib.parse import quote

from litestar import MediaType, Response, get
from litestar.di import NamedDependency
from litestar.params import FromPath
from litestar.response import Redirect
from msgspec import Struct

from contracts.control.sites import Identity, NameUse, Site
from projections.dashboard.views import Views
from projections.query.api import Desk
from projections.query.asked import site_named
from projections.query.caller import Caller
from projections.query.database import reading
from projections.query.known_sites import decided_sites, known_site

# In the order in which they say less about people.
IDENTITIES = {
    Identity.ANONYMOUS: "Nobody. User ids are dropped.",
    Identity.PSEUDONYMOUS: "A pseudonym that only this site has, made from the user id with a secret of yours.",
    Identity.PLAIN: "The user id as it was sent. You then keep what names a person.",
}
USES = {NameUse.DOMAIN: "Its pages are there", NameUse.ALIAS: "Only those who send call it so"}


class SettingsPage(Struct, frozen=True, kw_only=True):
    """What the page shows; ``decided`` is None where nobody has decided anything about the site yet."""

    site: str
    here: str
    decided: Site | None


@get("/sites/{site:str}/settings", include_in_schema=False)
async def show_settings(
    desk: NamedDependency[Desk], caller: NamedDependency[Caller], views: NamedDependency[Views], site: FromPath[str]
) -> Response[Any]:
    """Show the settings, with forms for those who may change them."""
    claimed = site_named(site)
    async with reading(desk.engine, caller) as connection:
        key = await known_site(connection, caller, claimed, desk.listing)
        decided = (await decided_sites(connection, caller)).get(key)
    if key != claimed:
        return Redirect(_here(key), status_code=303)
    page = SettingsPage(site=key, here=_here(key), decided=decided)
    return Response(views.render("settings.html", page=page, identities=IDENTITIES, uses=USES), media_type=MediaType.HTML)


def _here(site: str) -> str:
    return f"/sites/{quote(site)}/settings"
