"""/members: who may do what, for those who decide about it; by ids and roles, for what people are called is in no table."""

from typing import Any

from litestar import MediaType, Response, get
from litestar.di import NamedDependency

from contracts.control.people import Role
from projections.dashboard.pages.keys import require_owner
from projections.dashboard.views import Views
from projections.query.api import Desk
from projections.query.caller import Caller
from projections.query.control import people_for
from projections.query.database import reading
from projections.query.known_sites import decided_sites

ROLES = {
    Role.VIEWER: "Looks at the numbers",
    Role.EDITOR: "Changes sites, too",
    Role.OWNER: "Decides about keys and people, too",
}


@get("/members", include_in_schema=False)
async def show_members(
    desk: NamedDependency[Desk], caller: NamedDependency[Caller], views: NamedDependency[Views]
) -> Response[Any]:
    """Show the members and what was granted to each."""
    require_owner(views.powers)
    async with reading(desk.engine, caller) as connection:
        sites = [key for key in sorted(await decided_sites(connection, caller)) if views.powers.may_own(key)]
    listed = await people_for(desk.engine, caller, views.powers)
    html = views.render("members.html", members=listed, sites=sites, roles=ROLES)
    return Response(html, media_type=MediaType.HTML)
