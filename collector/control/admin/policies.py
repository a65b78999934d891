"""/v1/admin/sites/{site}/policy: whom the facts of a site may name, and which properties no redactor touches."""

from litestar import Response, get, post, put
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody
from msgspec import Struct

from collector.control.admin.desk import PlainRequest
from collector.control.admin.fields import Several, several
from collector.control.admin.motion import Motion
from collector.control.admin.sites import SiteChanged, decide_about, seen_site
from collector.control.views import PolicyView, site_view
from contracts.control.sites import Identity


class WantedPolicy(Struct, frozen=True, kw_only=True):
    """How people of a site are treated from now on."""

    identity: Identity
    kept: Several = []


@get("/v1/admin/sites/{site:str}/policy", summary="A site's policy")
async def show_policy(site: FromPath[str], motion: NamedDependency[Motion]) -> PolicyView:
    """Return how people of the site are treated."""
    return site_view(await seen_site(motion, site)).policy


@put("/v1/admin/sites/{site:str}/policy", summary="Another policy", status_code=200)
async def put_policy(
    request: PlainRequest, site: FromPath[str], data: JSONBody[WantedPolicy], motion: NamedDependency[Motion]
) -> Response[SiteChanged]:
    """Treat people of the site so from now on."""
    return await _decide(request, site, data, motion)


@post("/v1/admin/sites/{site:str}/policy", summary="Another policy, from a form", status_code=200)
async def decide_policy(
    request: PlainRequest, site: FromPath[str], data: JSONBody[WantedPolicy], motion: NamedDependency[Motion]
) -> Response[SiteChanged]:
    """Treat people of the site so from now on; forms cannot PUT."""
    return await _decide(request, site, data, motion)


async def _decide(request: PlainRequest, site: str, data: WantedPolicy, motion: Motion) -> Response[SiteChanged]:
    kept = several(data.kept)
    return await decide_about(
        request,
        motion,
        site,
        lambda plane, **at: plane.sites.decide_policy(motion.tenant, site, identity=data.identity, kept=kept, **at),
    )


POLICIES = (show_policy, put_policy, decide_policy)
