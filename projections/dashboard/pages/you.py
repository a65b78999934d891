"""/you: where one is signed in, signing out of it, another password, and which tenant one looks at."""

from typing import Any

from litestar import MediaType, Response, get
from litestar.di import NamedDependency

from contracts.sessions import COOKIE as SESSION_COOKIE
from contracts.sessions import digest_of
from projections.dashboard.views import Views
from projections.query.api import Desk, PlainRequest
from projections.query.caller import Caller
from projections.query.control import sessions_of
from projections.query.problems import forbidden


@get("/you", include_in_schema=False)
async def show_you(
    desk: NamedDependency[Desk], caller: NamedDependency[Caller], views: NamedDependency[Views], request: PlainRequest
) -> Response[Any]:
    """Show one's own open sessions."""
    if not caller.is_member:
        raise forbidden("no_member", "This page is for those who have signed in with a name.")
    this = digest_of(request.cookies.get(SESSION_COOKIE, ""))
    listed = await sessions_of(desk.engine, caller.credential, this, desk.clock())
    return Response(views.render("you.html", sessions=listed, tenants=caller.tenants), media_type=MediaType.HTML)
