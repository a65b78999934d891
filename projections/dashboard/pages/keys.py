"""/keys: the keys of a tenant, for those who decide about them: issued, replaced and revoked."""

import secrets
from typing import Any

from litestar import MediaType, Response, get
from litestar.di import NamedDependency

from contracts.control.keys import KeyKind, Scope
from projections.dashboard.views import Views
from projections.query.api import Desk
from projections.query.caller import Caller
from projections.query.control import keys_for
from projections.query.database import reading
from projections.query.known_sites import decided_sites
from projections.query.powers import Powers
from projections.query.problems import forbidden

SCOPES = {
    Scope.INGEST: "Send events",
    Scope.READ: "Read numbers",
    Scope.ADMIN: "Change sites and keys",
    Scope.OVERRIDE_IDENTITY: "Say whom an event is about: the visitor's own address and browser, which are forgotten as always",
    Scope.IMPORT: "Bring in the past",
}
KINDS = {
    KeyKind.PUBLIC: "Public: may stand in a page, for everybody to see, and only sends events",
    KeyKind.SECRET: "Secret: for your servers",
}

_MARK_BYTES = 8


@get("/keys", include_in_schema=False)
async def show_keys(
    desk: NamedDependency[Desk], caller: NamedDependency[Caller], views: NamedDependency[Views]
) -> Response[Any]:
    """Show the keys, and when each was last used."""
    require_owner(views.powers)
    async with reading(desk.engine, caller) as connection:
        listed = await keys_for(connection, caller, views.powers, desk.clock())
        sites = [key for key in sorted(await decided_sites(connection, caller)) if views.powers.may_own(key)]
    # So that a form that is sent twice issues one key.
    mark = secrets.token_hex(_MARK_BYTES)
    html = views.render("keys.html", mark=mark, keys=listed, sites=sites, scopes=SCOPES, kinds=KINDS)
    return Response(html, media_type=MediaType.HTML)


def require_owner(powers: Powers) -> None:
    """Raise Refused unless there is something that they decide about."""
    if not powers.is_owner:
        raise forbidden("role", "Keys and people are for owners. Ask an owner of the tenant to make you one.")
