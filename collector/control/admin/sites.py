"""/v1/admin/sites: what is collected for, under which names, and what is left out; owners and editors decide."""

from collections.abc import Callable
from typing import Any

from litestar import Response, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody
from msgspec import Struct

from collector.control.admin.desk import PlainRequest
from collector.control.admin.door import changed
from collector.control.admin.fields import Several, several
from collector.control.admin.motion import Motion
from collector.control.admin.pages import Page, PageAsked, cut
from collector.control.checked import known_tenant, new_name
from collector.control.decided import Decided, not_found
from collector.control.plane import ControlPlane
from collector.control.views import SiteView, site_view
from contracts.control.sites import Exclusions, NameUse, Site, SiteState, site_id


class NewSite(Struct, frozen=True, kw_only=True):
    """A site to be; its key stands in every fact and never changes."""

    key: str
    label: str = ""
    timezone: str = "UTC"
    tenant: str = ""


class Described(Struct, frozen=True, kw_only=True):
    """What a site is called on pages, and by which zone its days begin."""

    label: str
    timezone: str


class SiteNaming(Struct, frozen=True, kw_only=True):
    """A name that a site goes by: where its pages are, or what else it is called by those who send."""

    name: str
    use: NameUse = NameUse.DOMAIN


class NameGivenUp(Struct, frozen=True, kw_only=True):
    """A name that a site goes by no more."""

    name: str


class Origins(Struct, frozen=True, kw_only=True):
    """The only pages that may send for a site, such as https://shop.example; none is any."""

    origins: Several = []


class WantedExclusions(Struct, frozen=True, kw_only=True):
    """What of a site is left out from now on: all of it, and nothing else."""

    paths: Several = []
    countries: Several = []
    hosts: Several = []
    referrers: Several = []


class SiteChanged(Struct, frozen=True, kw_only=True):
    """The site as it is from the control sequence ``seq`` on."""

    seq: int
    site: SiteView


@get("/v1/admin/sites", summary="Sites")
async def list_sites(motion: NamedDependency[Motion], page: NamedDependency[PageAsked]) -> Page[SiteView]:
    """Return the sites of the tenant that are open to who asks, but for those that are erased."""
    things = await motion.desk.deciding.things()
    found = things.some(
        Site,
        motion.tenant,
        after=site_id(motion.tenant, page.after),
        most=page.most,
        fits=lambda site: site.state is not SiteState.ERASED and motion.who.sees(motion.tenant, site.key),
    )
    return cut([site_view(site) for site in found], page, key=lambda view: view.key)


@post("/v1/admin/sites", summary="Add a site", status_code=201)
async def add_site(request: PlainRequest, data: JSONBody[NewSite], motion: NamedDependency[Motion]) -> Response[SiteChanged]:
    """Add a site that goes by its key; one that is there exactly so is answered with 200."""
    motion.require_editor()
    key = new_name(data.key, "key")
    await motion.settle_tenant()
    decided, status = await motion.add(
        site_id(known_tenant(motion.tenant), key),
        lambda plane: plane.sites.add(motion.tenant, key, label=data.label, timezone=data.timezone, by=motion.by),
    )
    return site_changed(request, decided, status)


@get("/v1/admin/sites/{site:str}", summary="A site")
async def show_site(site: FromPath[str], motion: NamedDependency[Motion]) -> SiteView:
    """Return a site."""
    return site_view(await seen_site(motion, site))


@post("/v1/admin/sites/{site:str}/describe", summary="Label and time zone", status_code=200)
async def describe_site(
    request: PlainRequest, site: FromPath[str], data: JSONBody[Described], motion: NamedDependency[Motion]
) -> Response[SiteChanged]:
    """Call the site otherwise on pages, and let its days begin by a time zone."""
    return await decide_about(
        request,
        motion,
        site,
        lambda plane, **at: plane.sites.describe(motion.tenant, site, label=data.label, timezone=data.timezone, **at),
    )


@post("/v1/admin/sites/{site:str}/names", summary="Another name of a site", status_code=200)
async def name_site(
    request: PlainRequest, site: FromPath[str], data: JSONBody[SiteNaming], motion: NamedDependency[Motion]
) -> Response[SiteChanged]:
    """Let the site go by a name, too, which is nobody else's."""
    return await decide_about(
        request, motion, site, lambda plane, **at: plane.sites.name(motion.tenant, site, data.name, use=data.use, **at)
    )


@post("/v1/admin/sites/{site:str}/names/remove", summary="One name less", status_code=200)
async def unname_site(
    request: PlainRequest, site: FromPath[str], data: JSONBody[NameGivenUp], motion: NamedDependency[Motion]
) -> Response[SiteChanged]:
    """Let the site go by a name no more."""
    return await decide_about(
        request, motion, site, lambda plane, **at: plane.sites.unname(motion.tenant, site, data.name, **at)
    )


@post("/v1/admin/sites/{site:str}/origins", summary="Which pages may send", status_code=200)
async def decide_origins(
    request: PlainRequest, site: FromPath[str], data: JSONBody[Origins], motion: NamedDependency[Motion]
) -> Response[SiteChanged]:
    """Let only pages of these origins send for the site."""
    origins = several(data.origins)
    return await decide_about(
        request, motion, site, lambda plane, **at: plane.sites.decide_origins(motion.tenant, site, origins, **at)
    )


@post("/v1/admin/sites/{site:str}/exclusions", summary="What is left out", status_code=200)
async def decide_exclusions(
    request: PlainRequest, site: FromPath[str], data: JSONBody[WantedExclusions], motion: NamedDependency[Motion]
) -> Response[SiteChanged]:
    """Leave paths, countries, hosts and referrers out of the site, from now on."""
    wanted = Exclusions(
        paths=tuple(several(data.paths)),
        countries=tuple(several(data.countries)),
        hosts=tuple(several(data.hosts)),
        referrers=tuple(several(data.referrers)),
    )
    return await decide_about(
        request, motion, site, lambda plane, **at: plane.sites.decide_exclusions(motion.tenant, site, wanted, **at)
    )


@post("/v1/admin/sites/{site:str}/archive", summary="Archive a site", status_code=200)
async def archive_site(request: PlainRequest, site: FromPath[str], motion: NamedDependency[Motion]) -> Response[SiteChanged]:
    """Take nothing more for the site; what there is stays."""
    return await decide_about(request, motion, site, lambda plane, **at: plane.sites.archive(motion.tenant, site, **at))


@post("/v1/admin/sites/{site:str}/restore", summary="A site that takes again", status_code=200)
async def restore_site(request: PlainRequest, site: FromPath[str], motion: NamedDependency[Motion]) -> Response[SiteChanged]:
    """Let the site take again."""
    return await decide_about(request, motion, site, lambda plane, **at: plane.sites.restore(motion.tenant, site, **at))


async def seen_site(motion: Motion, key: str) -> Site:
    """Return the site *key*, or raise Undecided where there is none that is open to who asks."""
    found = (await motion.desk.deciding.things()).thing(site_id(motion.tenant, key))
    if not isinstance(found, Site) or not motion.who.sees(motion.tenant, key):
        raise not_found("site")
    return found


async def decide_about(
    request: PlainRequest, motion: Motion, key: str, command: Callable[..., Decided[Site]]
) -> Response[SiteChanged]:
    """Answer what *command* decides about the site *key*, told by whom and after which version."""
    motion.require_editor(key)

    def decide(plane: ControlPlane) -> Decided[Site]:
        return command(plane, by=motion.by, expected_version=motion.expected_version)

    return site_changed(request, await motion.decide(decide))


def site_changed(request: PlainRequest, decided: Decided[Site], status: int = 200) -> Response[Any]:
    """Answer what a site is after a decision."""
    answer = SiteChanged(seq=decided.seq, site=site_view(decided.thing))
    return changed(request, answer, seq=decided.seq, version=decided.thing.version, status=status)


SITES = (
    list_sites,
    add_site,
    show_site,
    describe_site,
    name_site,
    unname_site,
    decide_origins,
    decide_exclusions,
    archive_site,
    restore_site,
)
