"""The pages: their routes, from the request to the answered template."""

from typing import Any

from litestar import MediaType, Response, Router, get
from litestar.di import NamedDependency
from litestar.params import FromPath
from litestar.response import Redirect
from msgspec.structs import replace

from projections.dashboard.assets import assets, fingerprint, served
from projections.dashboard.errors import PAGE_ERRORS
from projections.dashboard.links import Place, place_of
from projections.dashboard.list_page import list_values
from projections.dashboard.signing_in import read_sign_in, sign_in, sign_out
from projections.dashboard.site_page import compose, site_facts
from projections.dashboard.views import Views
from projections.query.access import OPEN
from projections.query.api import PlainRequest, Source
from projections.query.database import reading
from projections.query.dimensions import BY_NAME
from projections.query.freshness import Freshness, freshness
from projections.query.parameters import QUESTION_PARAMETERS, SHOW, read_parameters
from projections.query.problems import bad_parameter, not_found
from projections.query.question import MAX_LIMIT, Question, canonical_site, dimension_of, parse_question
from projections.query.sites import list_sites

_FOR_EVER = "public, max-age=31536000, immutable"
# How often a page without new facts is worth another look: visitors leave without a fact.
_LOOK_SECONDS = 15
_PARAMETERS = (*QUESTION_PARAMETERS, SHOW)


@get("/", include_in_schema=False)
async def show_sites(source: NamedDependency[Source], views: NamedDependency[Views], request: PlainRequest) -> Response[Any]:
    """Show the sites that have facts, or how to get the first one; ?site=name leads to that site."""
    wanted = request.query_params.get("site", "").strip()
    if wanted:
        return Redirect(f"/{canonical_site(wanted)}", status_code=303)
    async with reading(source.engine) as connection:
        fresh = await freshness(connection)
        if _is_known(request, mark := _mark(source, fresh)):
            return _unchanged(mark)
        answer = await list_sites(connection, tenant=source.tenant, now=source.clock())
    return _page(views.render("sites.html", sites=answer.sites, freshness=fresh), mark)


@get("/{site:str}", include_in_schema=False)
async def show_site(
    source: NamedDependency[Source], views: NamedDependency[Views], request: PlainRequest, site: FromPath[str]
) -> Response[Any]:
    """Show the numbers of a site, or how to get the first fact."""
    question, place = _read(source, request, site)
    async with reading(source.engine) as connection:
        fresh = await freshness(connection)
        if _is_known(request, mark := _mark(source, fresh)):
            return _unchanged(mark)
        facts = await site_facts(connection, question)
        page = await compose(connection, question, place, fresh, facts) if facts else None
    if page is None:
        return _page(views.render("waiting.html", site=question.site), mark)
    return _page(views.render("site.html", page=page, question=question), mark)


@get("/{site:str}/{dimension:str}", include_in_schema=False)
async def show_values(
    source: NamedDependency[Source],
    views: NamedDependency[Views],
    request: PlainRequest,
    site: FromPath[str],
    dimension: FromPath[str],
) -> Response[Any]:
    """Show every value of one dimension, as many as an answer may hold."""
    asked = dimension_of(dimension)
    question, place = _read(source, request, site)
    async with reading(source.engine) as connection:
        page = await list_values(connection, replace(question, limit=MAX_LIMIT), asked, place)
    return _page(views.render("values.html", page=page), "")


@get("/assets/{name:str}", include_in_schema=False, opt={OPEN: True}, sync_to_thread=False)
def send_asset(name: FromPath[str]) -> Response[bytes]:
    """Send a file that pages load; its name changes with its content."""
    asset = served().get(name)
    if asset is None:
        raise not_found("The page has moved on to newer files. Load it again.")
    return Response(asset.content, media_type=asset.media_type, headers={"Cache-Control": _FOR_EVER})


@get("/favicon.ico", include_in_schema=False, opt={OPEN: True}, sync_to_thread=False)
def send_icon() -> Response[bytes]:
    """Send the icon to those who look for it in the old place."""
    return Response(assets()["icon.svg"].content, media_type="image/svg+xml")


@get("/robots.txt", include_in_schema=False, opt={OPEN: True}, sync_to_thread=False)
def send_robots() -> Response[str]:
    """Ask search engines to stay away."""
    return Response("User-agent: *\nDisallow: /\n", media_type="text/plain")


PAGES = Router(
    path="/",
    route_handlers=[
        *(show_sites, show_site, show_values, send_asset, send_icon, send_robots),
        *(read_sign_in, sign_in, sign_out),
    ],
    exception_handlers=PAGE_ERRORS,
)


def _read(source: Source, request: PlainRequest, site: str) -> tuple[Question, Place]:
    values = read_parameters(request.scope["query_string"], _PARAMETERS)
    show = tuple(dict.fromkeys(values.get(SHOW.name, [])))
    if not all(name in BY_NAME for name in show):
        raise bad_parameter(SHOW.name, f"Name one of {', '.join(BY_NAME)}.")
    question = parse_question(values, tenant=source.tenant, site=site, now=source.clock())
    return question, place_of(question, show)


def _mark(source: Source, fresh: Freshness) -> str:
    return f'"{fingerprint()}-{fresh.mark}-{int(source.clock().timestamp()) // _LOOK_SECONDS}"'


def _is_known(request: PlainRequest, mark: str) -> bool:
    return request.headers.get("if-none-match") == mark


def _unchanged(mark: str) -> Response[None]:
    return Response(None, status_code=304, headers={"ETag": mark})


def _page(html: str, mark: str) -> Response[str]:
    return Response(html, media_type=MediaType.HTML, headers={"ETag": mark} if mark else {})
