"""create_app: the query half as one application, out of a database, an access rule and a clock."""

from collections.abc import AsyncIterator, Callable, Collection
from contextlib import asynccontextmanager
from datetime import datetime
from typing import Any

from litestar import Litestar
from litestar.di import Provide
from litestar.openapi import OpenAPIConfig
from litestar.openapi.plugins import JsonRenderPlugin
from litestar.routes import HTTPRoute

from contracts.throttle import Throttle
from projections.dashboard.pages import PAGES
from projections.dashboard.views import Views
from projections.query.access import Access
from projections.query.answers import EXCEPTION_HANDLERS, add_security_headers
from projections.query.api import API, Desk
from projections.query.caller import Caller, only_caller
from projections.query.database import check_tables, open_engine
from projections.query.guessing import AddressOf, Guessing, address_of_peer

_MAX_BODY = 16 * 1024
_OPENAPI = OpenAPIConfig(
    title="Collector", version="1", path="/schema", render_plugins=[JsonRenderPlugin(path="/openapi.json")]
)


def create_app(
    *,
    database_url: str,
    tenant: str,
    access_token: str | None,
    public_url: str,
    clock: Callable[[], datetime],
    allowed_hosts: Collection[str] = (),
    address_of: AddressOf = address_of_peer,
) -> Litestar:
    """Return the application that serves the dashboard and its API.

    Without *access_token* it answers this machine only; whomever it answers asks for *tenant*. *public_url* is the address that
    browsers reach the collector under; *allowed_hosts* narrows the host names that are answered, for those who sit behind a
    proxy that passes any. *address_of* says whose address a request comes from, where a proxy speaks for others.
    """
    desk = Desk(engine=open_engine(database_url), clock=clock)
    access = Access(
        token=access_token or None,
        secure=public_url.startswith("https://"),
        allowed_hosts=frozenset(host.lower() for host in allowed_hosts),
        clock=clock,
    )
    views = Views(public_url=public_url.rstrip("/"), signed_in=access.token is not None)
    guessing = Guessing(throttle=Throttle(lambda: clock().timestamp()), address_of=address_of)
    return _application(desk, access, views, guessing, only_caller(tenant))


class QueryApp(Litestar):
    """Answers HEAD as it answers GET (RFC 9110, 9.3.2); the server leaves the body out."""

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:  # ASGI's types and Litestar's differ
        """Answer one request."""
        if scope["type"] == "http" and scope["method"] == "HEAD":
            scope = scope | {"method": "GET"}  # the server's own still says HEAD
        await super().__call__(scope, receive, send)


def addresses(app: Litestar) -> list[tuple[str, str]]:
    """Return every address of *app* as (method, template), such as ("GET", "/sites/{site}"); what answers GET answers HEAD."""
    methods = {
        (method, route.path_format)
        for route in app.routes
        if isinstance(route, HTTPRoute)
        for method in map(str, route.methods)
    }
    return sorted(methods | {("HEAD", template) for method, template in methods if method == "GET"})


async def check(app: Litestar) -> None:
    """Return when *app* can answer: Postgres is reached and has its tables; else raise Refused, whose problem says why."""
    await check_tables(app.state.engine)


def _application(desk: Desk, access: Access, views: Views, guessing: Guessing, caller: Caller) -> Litestar:
    app = QueryApp(
        route_handlers=[API, PAGES],
        guards=[access.guard],
        dependencies={
            "desk": _provided(desk),
            "access": _provided(access),
            "views": _provided(views),
            "guessing": _provided(guessing),
            # For each request: with credentials, the one that was shown will say who asks.
            "caller": Provide(lambda: caller, sync_to_thread=False),
        },
        exception_handlers=EXCEPTION_HANDLERS,
        before_send=[add_security_headers],
        lifespan=[_closing],
        request_max_body_size=_MAX_BODY,
        openapi_config=_OPENAPI,
        logging_config=None,
    )
    app.state.engine = desk.engine
    return app


@asynccontextmanager
async def _closing(app: Litestar) -> AsyncIterator[None]:
    yield
    await app.state.engine.dispose()


def _provided(value: Any) -> Provide:
    return Provide(lambda: value, use_cache=True, sync_to_thread=False)
