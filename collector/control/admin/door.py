"""The door of the administration: nobody else's page may ask for anything, and a cookie counts with its form's token."""

from typing import Any, Final

from litestar import MediaType, Response
from litestar.connection import ASGIConnection
from litestar.datastructures import Cookie
from litestar.di import NamedDependency
from litestar.handlers import BaseRouteHandler
from litestar.response import Redirect

from collector.control.admin.desk import Desk, PlainRequest
from collector.control.admin.forms import onward_of
from collector.control.admin.problems import forbidden
from collector.control.admin.shown import PAGE_POLICY, Shown, page_showing
from collector.control.signing_in import SESSION_LIFE, Visitor
from contracts.below import below_of
from contracts.sessions import COOKIE, CSRF_HEADER, is_same_origin, shows_csrf

_LOOKS: Final = frozenset({"GET", "HEAD", "OPTIONS"})


def require_our_page(connection: ASGIConnection[Any, Any, Any, Any], _: BaseRouteHandler) -> None:
    """Raise Refused when a page of somebody else's wants something done."""
    headers = connection.headers
    is_ours = is_same_origin(
        fetch_site=headers.get("sec-fetch-site"), origin=headers.get("origin"), host=headers.get("host", "")
    )
    if connection.scope.get("method") in _LOOKS or is_ours:
        return
    raise forbidden("cross_site", "It was sent from another site. Open the dashboard and send it from there.")


async def visitor(request: PlainRequest, desk: NamedDependency[Desk]) -> Visitor:
    """Return who is signed in, or raise Denied; whoever wants something done shows the token of their session as well."""
    secret = request.cookies.get(COOKIE, "")
    found = await desk.sign_ins.visitor(secret)
    desk.pacing.take(request.scope, found.actor)  # type: ignore[arg-type]  # what is ours stands in it, too
    if request.method not in _LOOKS and not shows_csrf(request.headers.get(CSRF_HEADER, ""), secret):
        raise forbidden("csrf", "It came without the token of your session. Load the page again and send it from there.")
    return found


def session_cookie(desk: Desk, secret: str) -> Cookie:
    """Return the cookie that is shown for a session."""
    return _cookie(desk, secret, max_age=int(SESSION_LIFE.total_seconds()))


def no_cookie(desk: Desk) -> Cookie:
    """Return the cookie that takes the other one back."""
    return _cookie(desk, "", max_age=0)


def done(request: PlainRequest, answer: Any, *, seq: int, status: int = 200, cookie: Cookie | None = None) -> Response[Any]:
    """Answer what was done: a form leads on to its page, which is told as ``after`` what it has to wait for."""
    cookies = [] if cookie is None else [cookie]
    onward = onward_of(request.scope)
    if onward is None:
        return Response(answer, status_code=status, cookies=cookies)
    return Redirect(told_after(onward, seq), status_code=303, cookies=cookies)


def changed(request: PlainRequest, answer: Any, *, seq: int, version: int, status: int = 200) -> Response[Any]:
    """Answer what something is after a decision, and the version that the next one may name."""
    response = done(request, answer, seq=seq, status=status)
    response.set_header("ETag", f'"{version}"')
    return response


def showing_once(request: PlainRequest, answer: Any, shown: Shown, *, seq: int, status: int = 201) -> Response[Any]:
    """Answer what is shown once: a form gets a page of its own for it, since no address and no cookie may hold it."""
    if (onward := onward_of(request.scope)) is None:
        return Response(answer, status_code=status)
    body = page_showing(shown, onward=told_after(onward, seq), below=below_of(request.scope))
    headers = {"Content-Security-Policy": PAGE_POLICY}
    return Response(body, status_code=status, media_type=MediaType.HTML, headers=headers)


def told_after(onward: str, seq: int) -> str:
    """Return the path *onward*, which is told as ``after`` what it has to wait for."""
    path, hash_, anchor = onward.partition("#")
    after = f"{'&' if '?' in path else '?'}after={seq}" if seq else ""
    return f"{path}{after}{hash_}{anchor}"


def _cookie(desk: Desk, value: str, *, max_age: int) -> Cookie:
    return Cookie(key=COOKIE, value=value, max_age=max_age, path="/", secure=desk.is_https, httponly=True, samesite="strict")
