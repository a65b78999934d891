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

from contracts.keys import ListedKey
from contracts.sessions import COOKIE as SESSION_COOKIE
from contracts.throttle import Throttle
from projections.dashboard.pages import PAGES
from projections.dashboard.views import Views
from projections.query.access import Access, caller_in, is_late, known_caller, shows_cookie
from projections.query.answers import EXCEPTION_HANDLERS, add_security_headers
from projections.query.api import API, SITES, Desk, PlainRequest
from projections.query.caller import Caller
from projections.query.credentials import Credentials
from projections.query.database import check_tables, open_engine
from projections.query.decisions import Decisions
from projections.query.guessing import AddressOf, Guessing, address_of_peer
from projections.query.known_sites import Listing
from projections.query.sign_ins import SignIns

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
    listed_sites: Collection[str] | None = None,
    listed_keys: Collection[ListedKey] = (),
    address_of: AddressOf = address_of_peer,
) -> Litestar:
    """Return the application that serves the dashboard and its API.

    Whoever shows *access_token*, a key, one of *listed_keys* or a session is answered; without any, this machine alone, and
    only while there is no token and nobody is a member. *tenant* is whose the installation is: the token's, this machine's.
    *listed_sites* are those that it collects for beside the sites of the control plane, None where any name is one.
    *public_url* is the address that browsers reach the collector under; *allowed_hosts* narrows the host names that are
    answered, for those who sit behind a proxy that passes any. *address_of* says whose address a request comes from, where a
    proxy speaks for others.
    """
    engine = open_engine(database_url)
    listed = None if listed_sites is None else frozenset(listed_sites)
    desk = Desk(engine=engine, clock=clock, listing=Listing(tenant=tenant, sites=listed))
    access = Access(
        token=access_token or None,
        tenant=tenant,
        secure=public_url.startswith("https://"),
        allowed_hosts=frozenset(host.lower() for host in allowed_hosts),
        clock=clock,
        listed_keys=tuple(listed_keys),
        credentials=Credentials(engine),
        decisions=Decisions(engine),
        sign_ins=SignIns(engine=engine, database_url=database_url, token=access_token, clock=clock) if access_token else None,
    )
    guessing = Guessing(throttle=Throttle(lambda: clock().timestamp()), address_of=address_of)
    return _application(desk, access, Views(public_url=public_url.rstrip("/")), guessing)


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


def _application(desk: Desk, access: Access, views: Views, guessing: Guessing) -> Litestar:
    app = QueryApp(
        route_handlers=[API, SITES, PAGES],
        guards=[access.guard],
        dependencies={
            "desk": _provided(desk),
            "access": _provided(access),
            "guessing": _provided(guessing),
            # For each request: the credential that was shown says who asks.
            "views": Provide(_shown_with(views), sync_to_thread=False),
            "caller": Provide(_caller, sync_to_thread=False),
        },
        exception_handlers=EXCEPTION_HANDLERS,
        before_send=[add_security_headers],
        lifespan=[_closing],
        request_max_body_size=_MAX_BODY,
        openapi_config=_OPENAPI,
        logging_config=None,
    )
    app.state.engine = desk.engine
    app.state.sign_ins = access.sign_ins
    return app


@asynccontextmanager
async def _closing(app: Litestar) -> AsyncIterator[None]:
    yield
    await close(app)


async def close(app: Litestar) -> None:
    """Leave the database."""
    await app.state.engine.dispose()
    if app.state.sign_ins is not None:
        await app.state.sign_ins.close()


def _caller(request: PlainRequest) -> Caller:
    return caller_in(request)


def _shown_with(views: Views) -> Callable[[PlainRequest], Views]:
    def shown(request: PlainRequest) -> Views:
        caller = known_caller(request)
        if caller is None:
            return views
        session = request.cookies.get(SESSION_COOKIE, "")
        return views.shown_to(caller, session=session, may_sign_out=shows_cookie(request), is_late=is_late(request))

    return shown


def _provided(value: Any) -> Provide:
    return Provide(lambda: value, use_cache=True, sync_to_thread=False)
