"""The front page: the sites that there are, or how to get the first fact."""

from typing import Any

from litestar import Response, get
from litestar.di import NamedDependency
from litestar.response import Redirect

from projections.dashboard.pages.marks import mark_of
from projections.dashboard.panels.mistakes import notes_on
from projections.dashboard.panels.not_stored import notice_of
from projections.dashboard.views import Views
from projections.query.api import Desk, PlainRequest
from projections.query.asked import site_named
from projections.query.caller import Caller
from projections.query.database import reading
from projections.query.freshness import freshness
from projections.query.mistakes import mistakes_in
from projections.query.signs import signs_of
from projections.query.tallies import told_until
from projections.query.web.sites import list_sites


@get("/", include_in_schema=False)
async def show_sites(
    desk: NamedDependency[Desk],
    caller: NamedDependency[Caller],
    views: NamedDependency[Views],
    request: PlainRequest,
) -> Response[Any]:
    """Show the sites, or how to get the first fact; ?site=name leads to that site."""
    wanted = request.query_params.get("site", "").strip()
    if wanted:
        return Redirect(f"/sites/{site_named(wanted)}", status_code=303)
    async with reading(desk.engine, caller) as connection:
        fresh = await freshness(connection, caller)
        mark = mark_of(desk, fresh)
        if mark.is_known_to(request):
            return mark.unchanged()
        answer = await list_sites(connection, caller, desk.clock(), desk.listing)
        signs = await signs_of(connection, caller, desk.clock(), await told_until(connection))
    notice = notice_of(answer.not_stored, desk.clock())
    notes = notes_on(mistakes_in(signs, {}))
    return mark.page(views.render("sites.html", sites=answer.sites, notes=notes, notice=notice, freshness=fresh))
