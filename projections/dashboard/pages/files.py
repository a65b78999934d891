"""The files that pages load, and those that browsers and robots look for by themselves."""

from litestar import Response, get
from litestar.params import FromPath
from litestar.response import Redirect

from projections.dashboard.assets import assets, served
from projections.query.access import OPEN
from projections.query.problems import not_found

_FOR_EVER = "public, max-age=31536000, immutable"


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


@get(["/docs", "/redoc", "/openapi", "/openapi.json"], include_in_schema=False, opt={OPEN: True}, sync_to_thread=False)
def lead_to_description() -> Redirect:
    """Lead who looks for the description of the API in a usual place to where it is."""
    return Redirect("/schema/openapi.json", status_code=303)


@get("/robots.txt", include_in_schema=False, opt={OPEN: True}, sync_to_thread=False)
def send_robots() -> Response[str]:
    """Ask search engines to stay away."""
    return Response("User-agent: *\nDisallow: /\n", media_type="text/plain")
