"""/v1/admin/sites/{site}/bind, unbind and reads: which system's addresses are a site's, and whether its answers are open."""

from enum import StrEnum

from litestar import Response, post
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody
from msgspec import Struct

from collector.control.admin.desk import PlainRequest
from collector.control.admin.motion import Motion
from collector.control.admin.sites import SiteChanged, decide_about


class MountMeant(Struct, frozen=True, kw_only=True):
    """A system whose clients show no credential: bilan, nodash, minigem, flowcore or change66."""

    mount: str


class Reads(StrEnum):
    """Who may ask for a site's numbers at the addresses of the systems that asked for no key."""

    KEYED = "keyed"
    PUBLIC = "public"


class WantedReads(Struct, frozen=True, kw_only=True):
    """Who may ask for the site's numbers, from now on."""

    reads: Reads


@post("/v1/admin/sites/{site:str}/bind", summary="Take what comes in by a mount", status_code=200)
async def bind_site(
    request: PlainRequest, site: FromPath[str], data: JSONBody[MountMeant], motion: NamedDependency[Motion]
) -> Response[SiteChanged]:
    """Let what comes in by a mount, and names no site, be for this one."""
    return await decide_about(
        request, motion, site, lambda plane, **at: plane.mounts.bind(motion.tenant, site, data.mount, **at)
    )


@post("/v1/admin/sites/{site:str}/unbind", summary="Take it no longer", status_code=200)
async def unbind_site(
    request: PlainRequest, site: FromPath[str], data: JSONBody[MountMeant], motion: NamedDependency[Motion]
) -> Response[SiteChanged]:
    """Let what comes in by a mount not be for this site any more."""
    return await decide_about(
        request, motion, site, lambda plane, **at: plane.mounts.unbind(motion.tenant, site, data.mount, **at)
    )


@post("/v1/admin/sites/{site:str}/reads", summary="Whether its answers are open", status_code=200)
async def decide_reads(
    request: PlainRequest, site: FromPath[str], data: JSONBody[WantedReads], motion: NamedDependency[Motion]
) -> Response[SiteChanged]:
    """Let anybody ask for the site's numbers, where the system whose address it is asked for no key; or nobody."""
    is_public = data.reads is Reads.PUBLIC
    return await decide_about(
        request, motion, site, lambda plane, **at: plane.sites.decide_reads(motion.tenant, site, is_public=is_public, **at)
    )


BINDING = (bind_site, unbind_site, decide_reads)
