"""Signing in and out: a form takes the access token, and a cookie that cannot be turned back into it stands for it."""

from typing import Any
from urllib.parse import parse_qs

from litestar import MediaType, Response, get, post
from litestar.di import NamedDependency
from litestar.exceptions import InternalServerException
from litestar.response import Redirect

from projections.dashboard.views import Views
from projections.query.access import OPEN, Access, require_same_origin
from projections.query.api import PlainRequest
from projections.query.guessing import Guessing
from projections.query.problems import bad_parameter

_MAX_FIELDS = 4


@get("/login", include_in_schema=False, opt={OPEN: True})
async def read_sign_in(access: NamedDependency[Access], views: NamedDependency[Views], request: PlainRequest) -> Response[Any]:
    """Show the form, unless nobody has to sign in."""
    onward = own_path(request.query_params.get("next", "/"))
    if access.token is None and not await access.has_members():
        return Redirect(onward, status_code=303)
    return await _form(access, views, onward, status=200)


@post("/login", include_in_schema=False, opt={OPEN: True})
async def sign_in(
    access: NamedDependency[Access],
    views: NamedDependency[Views],
    guessing: NamedDependency[Guessing],
    request: PlainRequest,
) -> Response[Any]:
    """Give the cookie to whoever knows the token, and lead on to where they wanted to go; who guesses waits."""
    require_same_origin(request)
    fields = _fields(await _body(request))
    onward = own_path(fields.get("next", "/"))
    if wait := guessing.attempt(request):
        return await _form(access, views, onward, wait=wait, status=429)
    if not access.admits(fields.get("token", "").strip()):
        return await _form(access, views, onward, wrong=True, status=401)
    guessing.forgive(request)
    return Redirect(onward, status_code=303, cookies=[await access.begin_sign_in()])


@post("/logout", include_in_schema=False, opt={OPEN: True})
async def sign_out(access: NamedDependency[Access], request: PlainRequest) -> Response[Any]:
    """Take the cookie back, also from whoever has copied it."""
    require_same_origin(request)
    return Redirect("/login", status_code=303, cookies=await access.end_sign_in(request))


def own_path(claimed: str) -> str:
    """Return *claimed* when it is a path of ours, else the front page; browsers read // and a backslash as another host."""
    plain = claimed.isprintable() and "\\" not in claimed
    return claimed if plain and claimed.startswith("/") and not claimed.startswith("//") else "/"


async def _form(access: Access, views: Views, onward: str, *, status: int, wrong: bool = False, wait: int = 0) -> Response[str]:
    asked = {"with_name": await access.has_members(), "with_token": access.token is not None}
    html = views.render("login.html", onward=onward, wrong=wrong, wait=wait, **asked)
    return Response(html, status_code=status, media_type=MediaType.HTML, headers={"Retry-After": str(wait)} if wait else None)


async def _body(request: PlainRequest) -> bytes:
    try:
        return await request.body()
    except InternalServerException as error:  # what Litestar makes of a client that has gone
        raise bad_parameter("", "The form did not arrive as a whole. Send it again.") from error


def _fields(body: bytes) -> dict[str, str]:
    try:
        fields = parse_qs(body.decode(), max_num_fields=_MAX_FIELDS)
    except ValueError:
        return {}
    return {name: values[0] for name, values in fields.items()}
