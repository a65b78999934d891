"""create_app: the query half as one application, out of a database, an access rule and a clock."""

from collections.abc import AsyncIterator, Callable, Collection
from contextlib import asynccontextmanager
from datetime import datetime
from typing import Any, TypedDict

from litestar import Litestar, Router
from litestar.di import Provide
from litestar.openapi import OpenAPIConfig
from litestar.openapi.plugins import JsonRenderPlugin
from litestar.openapi.spec import Server
from litestar.routes import HTTPRoute
from msgspec.structs import replace
from sqlalchemy.ext.asyncio import AsyncEngine

from contracts.below import below_of, path_of
from contracts.keys import ListedKey
from contracts.mounts import Mount
from contracts.sessions import COOKIE as SESSION_COOKIE
from contracts.throttle import Throttle
from projections.dashboard.errors import answer_reader
from projections.dashboard.pages import PAGES
from projections.dashboard.views import Views
from projections.query.access import Access, caller_in, is_late, known_caller, shows_cookie
from projections.query.after_write import AfterWrite
from projections.query.answers import add_security_headers
from projections.query.api import API, SITES, Desk, PlainRequest
from projections.query.caller import Caller
from projections.query.compressed import COMPRESSION
from projections.query.credentials import Credentials
from projections.query.database import check_tables, open_engine
from projections.query.decisions import Decisions
from projections.query.delivery.handing_over import before, behind
from projections.query.facts.api import FACTS
from projections.query.goals.api import GOALS
from projections.query.guessing import AddressOf, Guessing, address_of_peer
from projections.query.known_sites import Listing
from projections.query.ledger.api import LEDGER
from projections.query.room import Room
from projections.query.shown_token import ShownTokens
from projections.query.sign_ins import SignIns
from projections.query.stored_api import STORED
from projections.query.v1.api import QUERIES
from projections.query.web.export import Turns
from projections.replies import REPLIES, SYSTEMS
from projections.replies.answering import System
from projections.replies.bilan.system import is_of_bilan
from projections.replies.change66_words import Since
from projections.replies.flowcore import asks_for_info, send_info
from projections.replies.handlers import Replying, handlers_of
from projections.replies.subjects import Subjects
from projections.replies.unanswered import errors_of
from projections.stream.newest import Newest
from projections.tokens import TokenReader
from projections.vault import VaultReader

_MAX_BODY = 16 * 1024


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
    vault: VaultReader | None = None,
    throttle: Throttle | None = None,
    newest: Newest | None = None,
    systems: Collection[System] = SYSTEMS,
) -> Litestar:
    """Return the application that serves the dashboard and its API.

    Whoever shows *access_token*, a key, a token, one of *listed_keys* or a session is answered; without any, this machine
    alone, and only while there is no access token and nobody is a member. *tenant* is whose the installation is: the token's,
    this machine's. *listed_sites* are those that it collects for beside the sites of the control plane, None where any name
    is one. *allowed_hosts* narrows the host names that are answered, behind a proxy that passes any. *address_of* says whose
    address a request comes from, behind a proxy. Without *vault* tokens are 503. *throttle* is given where others slow
    guessing, too. *systems* are read as they were, and wait for what *newest* says was written before.
    """
    engine = open_engine(database_url)
    access = Access(
        token=access_token or None,
        tenant=tenant,
        secure=public_url.startswith("https://"),
        allowed_hosts=frozenset(host.lower() for host in allowed_hosts),
        clock=clock,
        listed_keys=tuple(listed_keys),
        guessing=_guessing(throttle, clock, address_of),
        sign_ins=_sign_ins(engine, database_url, access_token, clock),
        **_known(engine, vault, clock),
    )
    desk = _desk(engine, clock, _listing(tenant, listed_sites), newest)
    replying = Replying(after_write=desk.after_write, subjects=Subjects(vault), room=desk.room)
    return _application(desk, access, public_url, vault, replying=replying, systems=systems)


def _desk(engine: AsyncEngine, clock: Callable[[], datetime], listing: Listing, newest: Newest | None) -> Desk:
    after_write = AfterWrite(engine, newest)
    return Desk(engine=engine, clock=clock, listing=listing, exports=Turns(), after_write=after_write, room=Room())


def _listing(tenant: str, sites: Collection[str] | None) -> Listing:
    return Listing(tenant=tenant, sites=None if sites is None else frozenset(sites))


# Every answer of the API that an address asks for is handed over in the same way.
ANSWERS = Router(
    path="/", route_handlers=[API, STORED, GOALS, LEDGER, SITES, FACTS], before_request=before, after_request=behind
)


class Known(TypedDict):
    """What says whose a credential is, and what was decided."""

    credentials: Credentials
    tokens: ShownTokens
    decisions: Decisions


def _known(engine: AsyncEngine, vault: VaultReader | None, clock: Callable[[], datetime]) -> Known:
    credentials = Credentials(engine)
    reader = None if vault is None else TokenReader(vault.read, clock=clock)
    tokens = ShownTokens(reader, credentials, clock)
    return Known(credentials=credentials, tokens=tokens, decisions=Decisions(engine))


def _sign_ins(engine: AsyncEngine, database_url: str, token: str | None, clock: Callable[[], datetime]) -> SignIns | None:
    return SignIns(engine=engine, database_url=database_url, token=token, clock=clock) if token else None


def _guessing(throttle: Throttle | None, clock: Callable[[], datetime], address_of: AddressOf) -> Guessing:
    def seconds() -> float:
        return clock().timestamp()

    return Guessing(throttle or Throttle(seconds), clock=seconds, address_of=address_of)


class QueryApp(Litestar):
    """Answers HEAD as it answers GET (RFC 9110, 9.3.2); the server leaves the body out."""

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:  # ASGI's types and Litestar's differ
        """Answer one request."""
        if asks_for_info(scope):
            return await send_info(send)
        if scope["type"] == "http" and scope["method"] == "HEAD":
            scope = scope | {"method": "GET"}  # the server's own still says HEAD
        if scope["type"] == "http" and is_of_bilan(scope["path"], scope["query_string"]):
            scope = scope | {"path": f"/{Mount.BILAN.value}{scope['path']}"}
        return await super().__call__(scope, receive, send)


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


def _application(
    desk: Desk, access: Access, public_url: str, vault: VaultReader | None, *, replying: Replying, systems: Collection[System]
) -> Litestar:
    app = QueryApp(
        route_handlers=[ANSWERS, QUERIES, PAGES, *REPLIES, *handlers_of(systems)],
        guards=[access.guard],
        dependencies={
            "desk": _provided(desk),
            "access": _provided(access),
            "guessing": _provided(access.guessing),
            "replying": _provided(replying),
            # For each request: the credential that was shown says who asks.
            "views": Provide(_shown_with(Views(public_url=public_url.rstrip("/"))), sync_to_thread=False),
            "caller": Provide(_caller, sync_to_thread=False),
        },
        exception_handlers=errors_of(systems, otherwise=answer_reader),
        before_send=[add_security_headers],
        middleware=[COMPRESSION],
        lifespan=[_closing],
        request_max_body_size=_MAX_BODY,
        openapi_config=_described_at(path_of(public_url)),
        logging_config=None,
    )
    app.state.engine = desk.engine
    app.state.desk = desk
    app.state.vault = vault
    app.state.since = Since(at=desk.clock())
    app.state.after_write = replying.after_write
    app.state.days = {system.mount: system.days for system in systems}
    app.state.sign_ins = access.sign_ins
    return app


def _described_at(path: str) -> OpenAPIConfig:
    return OpenAPIConfig(
        title="Collector",
        version="1",
        path="/schema",
        servers=[Server(url=path or "/")],
        render_plugins=[JsonRenderPlugin(path="/openapi.json")],
    )


@asynccontextmanager
async def _closing(app: Litestar) -> AsyncIterator[None]:
    yield
    await close(app)


async def close(app: Litestar) -> None:
    """Leave the database, and NATS: the vault's connection, and the newest sequences'."""
    await app.state.engine.dispose()
    await app.state.after_write.close()
    if app.state.vault is not None:
        await app.state.vault.close()
    if app.state.sign_ins is not None:
        await app.state.sign_ins.close()


def _caller(request: PlainRequest) -> Caller:
    return caller_in(request)


def _shown_with(views: Views) -> Callable[[PlainRequest], Views]:
    def shown(request: PlainRequest) -> Views:
        here = replace(views, below=below_of(request.scope))
        caller = known_caller(request)
        if caller is None:
            return here
        session = request.cookies.get(SESSION_COOKIE, "")
        return here.shown_to(caller, session=session, may_sign_out=shows_cookie(request), is_late=is_late(request))

    return shown


def _provided(value: Any) -> Provide:
    return Provide(lambda: value, use_cache=True, sync_to_thread=False)
