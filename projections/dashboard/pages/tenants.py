"""/tenants: the tenants of the installation, for those who run it; and which of several a member looks at."""

from typing import Any
from urllib.parse import parse_qs

from litestar import MediaType, Response, get, post
from litestar.di import NamedDependency
from litestar.response import Redirect

from projections.dashboard.views import Views
from projections.query.access import Access, require_same_origin
from projections.query.api import Desk, PlainRequest
from projections.query.caller import Caller
from projections.query.control import all_tenants
from projections.query.database import reading
from projections.query.problems import bad_parameter, forbidden

_MAX_FIELDS = 8
_LONGEST_NAME = 253


@get("/tenants", include_in_schema=False)
async def show_tenants(
    desk: NamedDependency[Desk], caller: NamedDependency[Caller], views: NamedDependency[Views]
) -> Response[Any]:
    """Show every tenant."""
    if not views.powers.runs_installation:
        raise forbidden("role", "Tenants are for those who run the installation. Ask one of its owners.")
    async with reading(desk.engine, caller):  # nobody is a guest beside a member
        listed = await all_tenants(desk.engine)
    return Response(views.render("tenants.html", tenants=listed), media_type=MediaType.HTML)


@post("/tenants/look", include_in_schema=False)
async def look_at_tenant(access: NamedDependency[Access], request: PlainRequest) -> Response[Any]:
    """Remember which of their tenants somebody looks at; one that is not theirs is passed over."""
    require_same_origin(request)
    try:
        fields = parse_qs((await request.body()).decode("ascii"), max_num_fields=_MAX_FIELDS)
    except ValueError as error:
        raise bad_parameter("", "The form cannot be read. Load the page again and send it from there.") from error
    tenant = fields.get("tenant", [""])[0]
    if not tenant.isascii() or not tenant.replace(".", "").replace("-", "").replace("_", "").isalnum():
        raise bad_parameter("tenant", "Send the name of a tenant.")
    return Redirect("/", status_code=303, cookies=[access.looking_at(tenant[:_LONGEST_NAME])])
