"""The administration over HTTP: one application beside ingest; HANDLERS is the only list of its addresses."""

from typing import Any

from litestar import Litestar
from litestar.datastructures import MutableScopeHeaders
from litestar.di import Provide
from litestar.openapi import OpenAPIConfig
from litestar.openapi.plugins import JsonRenderPlugin
from litestar.openapi.spec import Server
from litestar.types import Message, Scope

from collector.asgi import answer
from collector.control.admin.binding import BINDING
from collector.control.admin.credentials import authority
from collector.control.admin.desk import Desk
from collector.control.admin.door import require_our_page, visitor
from collector.control.admin.erasing import ERASING
from collector.control.admin.exchange import exchange_key
from collector.control.admin.exchange_nodash import exchange_nodash_key
from collector.control.admin.forms import MAX_BODY, TooLarge, Unreadable, as_json, is_form
from collector.control.admin.goals import GOALS
from collector.control.admin.invitations import INVITATIONS
from collector.control.admin.keys import KEYS
from collector.control.admin.members import MEMBERS
from collector.control.admin.motion import motion
from collector.control.admin.pacing import headers_of
from collector.control.admin.pages import page
from collector.control.admin.policies import POLICIES
from collector.control.admin.problems import EXCEPTION_HANDLERS, problem_for
from collector.control.admin.sessions import SESSIONS
from collector.control.admin.sites import SITES
from collector.control.admin.tenants import TENANTS
from contracts.below import path_of
from contracts.problem import MEDIA_TYPE

HANDLERS = (
    *SESSIONS,
    *INVITATIONS,
    *TENANTS,
    *SITES,
    *BINDING,
    *ERASING,
    *POLICIES,
    *GOALS,
    *KEYS,
    *MEMBERS,
    exchange_key,
    exchange_nodash_key,
)
_DESCRIPTION = """
Whoever decides shows the access token or a key with the scope `admin` (`Authorization: Bearer`, `X-API-Key`), or is signed in.

Every decision is answered with `seq`, the control sequence from which on everybody knows it. `If-Match`, or the field
`expected_version`, names the version that was seen: where somebody else was first, nothing is decided (409). Of several
tenants `X-Tenant-Id`, or the field `tenant`, names the one that is meant. What is added twice is there once (200 instead of
201); keys by `Idempotency-Key`, or the field `idempotency_key`. Forms may send the same fields, and `next`, where they lead on.
"""


def _described_at(path: str) -> OpenAPIConfig:
    return OpenAPIConfig(
        title="Collector: administration",
        version="1",
        description=_DESCRIPTION,
        path="/v1/admin/schema",
        servers=[Server(url=path or "/")],
        render_plugins=[JsonRenderPlugin(path="/openapi.json")],
    )


class AdminApp(Litestar):
    """Takes what a page's form says as it takes JSON."""

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:  # ASGI's types and Litestar's differ
        """Answer one request."""
        if scope["type"] == "http" and is_form(scope):
            try:
                scope, receive = await as_json(scope, receive)
            except (TooLarge, Unreadable) as error:
                problem = problem_for(413 if isinstance(error, TooLarge) else 400)
                return await answer(send, problem.status, problem.body(), [(b"content-type", MEDIA_TYPE.encode())])
        return await super().__call__(scope, receive, send)


def create_admin(desk: Desk | None) -> AdminApp:
    """Return the application that works at *desk*; without one it has its addresses alone."""
    return AdminApp(
        route_handlers=HANDLERS,
        guards=[require_our_page],
        dependencies={
            "desk": Provide(lambda: desk, use_cache=True, sync_to_thread=False),
            "visitor": Provide(visitor),
            "who": Provide(authority),
            "motion": Provide(motion),
            "page": Provide(page),
        },
        exception_handlers=EXCEPTION_HANDLERS,
        before_send=[_add_headers],
        request_max_body_size=MAX_BODY,
        openapi_config=_described_at("" if desk is None else path_of(desk.public_url)),
        logging_config=None,
    )


async def _add_headers(message: Message, scope: Scope) -> None:
    if message["type"] != "http.response.start":
        return
    headers = MutableScopeHeaders.from_message(message)
    headers["X-Content-Type-Options"] = "nosniff"
    headers["Cross-Origin-Resource-Policy"] = "same-origin"
    headers["Referrer-Policy"] = "same-origin"
    headers.setdefault("Cache-Control", "no-store")
    for name, value in headers_of(scope):
        headers.add(name, value)
