"""/join: where a one-time link leads, which makes whoever opens it a member under a name and a password of their own.

What the link holds stands behind its #, so no server, log or other page is ever told.
"""

from litestar import MediaType, Response, get
from litestar.di import NamedDependency

from contracts.sessions import JOIN_PATH, SHORTEST_PASSWORD
from projections.dashboard.views import Views
from projections.query.access import OPEN


@get(JOIN_PATH, include_in_schema=False, opt={OPEN: True}, sync_to_thread=False)
def show_join(views: NamedDependency[Views]) -> Response[str]:
    """Show the form that takes an invitation up."""
    return Response(views.render("join.html", shortest=SHORTEST_PASSWORD), media_type=MediaType.HTML)
