"""/v1/admin/sites/{site}/erase: deleting a site with its facts, for which its key has to be said; an owner decides."""

from typing import Any

from litestar import Response, post
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody
from msgspec import Struct

from collector.control.admin.desk import PlainRequest
from collector.control.admin.motion import Motion, wrong_role
from collector.control.admin.sites import decide_about, seen_site
from collector.control.decided import invalid


class Erased(Struct, frozen=True, kw_only=True):
    """The key of the site that is meant, so that none is deleted by a slip."""

    name: str


@post("/v1/admin/sites/{site:str}/erase", summary="Erasing a site with its facts", status_code=200)
async def erase_site(
    request: PlainRequest, site: FromPath[str], data: JSONBody[Erased], motion: NamedDependency[Motion]
) -> Response[Any]:
    """Take nothing for the site from here on, and erase its facts one by one; there is no way back."""
    motion.require_owner()
    await seen_site(motion, site)
    if not motion.who.owns(motion.tenant, site):
        raise wrong_role("Only an owner deletes a site with its facts.")
    if data.name.strip() != site:
        raise invalid("name", "Send the key of the site, as it stands in the address, so that no other one is meant.")
    return await decide_about(request, motion, site, lambda plane, **at: plane.sites.begin_erasure(motion.tenant, site, **at))


ERASING = (erase_site,)
