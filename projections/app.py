"""create_app: the query half as one application, out of a database, an access rule and a clock."""

from collections.abc import AsyncIterator, Callable, Collection
from contextlib import asynccontextmanager
from datetime import datetime
from typing import Any

from litestar import Litestar
from litestar.di import Provide
from litestar.openapi import OpenAPIConfig
from litestar.openapi.plugins import JsonRenderPlugin

from projections.dashboard.pages import PAGES
from projections.dashboard.views import Views
from projections.query.access import Access
from projections.query.answers import EXCEPTION_HANDLERS, add_security_headers
from projections.query.api import API, Source
from projections.query.database import check_tables, open_engine

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
) -> Litestar:
    """Return the application that serves the dashboard and its API.

    Without *access_token* it answers this machine only. *public_url* is the address that browsers reach the collector under;
    *allowed_hosts* narrows the host names that are answered, for those who sit behind a proxy that passes any.
    """
    source = Source(engine=open_engine(database_url), tenant=tenant, clock=clock)
    access = Access(
        token=access_token or None,
        secure=public_url.startswith("https://"),
        allowed_hosts=frozenset(host.lower() for host in allowed_hosts),
        clock=clock,
    )
    views = Views(public_url=public_url.rstrip("/"), signed_in=access.token is not None)
    return _application(source, access, views)


class QueryApp(Litestar):
    """Answers HEAD as it answers GET (RFC 9110, 9.3.2); the server leaves the body out."""

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:  # ASGI's types and Litestar's differ
        """Answer one request."""
        if scope["type"] == "http" and scope["method"] == "HEAD":
            scope = scope | {"method": "GET"}  # the server's own still says HEAD
        await super().__call__(scope, receive, send)


def _application(source: Source, access: Access, views: Views) -> Litestar:
    app = QueryApp(
        route_handlers=[API, PAGES],
        guards=[access.guard],
        dependencies={"source": _provided(source), "access": _provided(access), "views": _provided(views)},
        exception_handlers=EXCEPTION_HANDLERS,
        before_send=[add_security_headers],
        lifespan=[_closing],
        request_max_body_size=_MAX_BODY,
        openapi_config=_OPENAPI,
        logging_config=None,
    )
    app.state.source = source
    return app


@asynccontextmanager
async def _closing(app: Litestar) -> AsyncIterator[None]:
    yield
    await app.state.source.engine.dispose()


async def check(app: Litestar) -> None:
    """Return when *app* can answer: Postgres is reached and has its tables; else raise Refused, whose problem says why."""
    await check_tables(app.state.source.engine)


def _provided(value: Any) -> Provide:
    return Provide(lambda: value, use_cache=True, sync_to_thread=False)
