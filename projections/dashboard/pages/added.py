"""/added: where the form that adds a site leads on to, which cannot say which site that will be: to the site's own page."""

from typing import Any
from urllib.parse import quote

from litestar import Response, get
from litestar.di import NamedDependency
from litestar.response import Redirect

from projections.query.access import is_late
from projections.query.api import Desk, PlainRequest
from projections.query.caller import Caller
from projections.query.control import site_decided_at
from projections.query.database import reading
from projections.query.parameters import AFTER

_LONGEST = 18


@get("/added", include_in_schema=False)
async def show_added(desk: NamedDependency[Desk], caller: NamedDependency[Caller], request: PlainRequest) -> Response[Any]:
    """Lead on to the site that was added by the decision in the address, else to the front page."""
    after = request.query_params.get(AFTER.name, "")
    if is_late(request) or not (after.isascii() and after.isdecimal() and len(after) <= _LONGEST):
        return Redirect(f"/?{AFTER.name}={quote(after)}" if after else "/", status_code=303)
    async with reading(desk.engine, caller) as connection:
        site = await site_decided_at(connection, caller, int(after))
    return Redirect("/" if site is None else f"/sites/{quote(site)}", status_code=303)
