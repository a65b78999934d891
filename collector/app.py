"""The ingest app: routes, wiring, and each outcome turned into one HTTP answer."""

import logging
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any, Final

from litestar import Litestar, Request, Response, asgi
from litestar.exceptions import HTTPException
from msgspec import Struct, structs

from collector.arrival import Disconnected, Room, arrive
from collector.asgi import Receive, Scope, Send
from collector.dialects import DIALECTS
from collector.dialects.route import Answer, Route
from collector.metrics import PUBLISH_SECONDS, count
from collector.outcomes import Rejected, RejectReason, Unavailable
from collector.pipeline import Pipeline
from collector.privacy.client_ip import TrustedProxies
from collector.tracker.serve import tracker_app
from contracts.problem import MEDIA_TYPE, Problem

log = logging.getLogger(__name__)

TRACKER_PREFIX: Final = "/js"

# Any page may send, none may read a cookie: there is none. The wildcard does not cover Authorization (Fetch standard).
SHARED: Final = ((b"access-control-allow-origin", b"*"),)
# For an answer that says more than that it is done.
TELLING: Final = (
    *SHARED,
    (b"access-control-expose-headers", b"retry-after, x-collector-dropped"),
    (b"cross-origin-resource-policy", b"cross-origin"),
    (b"cache-control", b"no-store"),
    (b"x-content-type-options", b"nosniff"),
)
PREFLIGHT: Final = (
    (b"access-control-allow-headers", b"content-type, authorization, prefer, x-api-key, x-retry-count"),
    (b"access-control-max-age", b"86400"),
)


def addresses() -> tuple[tuple[str, str], ...]:
    """Return (method, template) of everything that the ingest half answers."""
    dialects = tuple((method, route.path) for route in DIALECTS for method in route.methods)
    return (*dialects, *((method, f"{TRACKER_PREFIX}/{{rest}}") for method in ("GET", "HEAD")))


class IngestApp(Litestar):
    """One plain ASGI route for each entry of DIALECTS, and the snippet.

    A request whose path is a route's to the letter goes straight to its endpoint: a router has nothing to find there, and
    would cost as much as hashing the visitor. All others go through Litestar.
    """

    def __init__(self, pipeline: Pipeline, *, trusted: TrustedProxies, clock: Callable[[], datetime]) -> None:
        room = Room()
        endpoints = [Endpoint(route=route, pipeline=pipeline, room=room, trusted=trusted, clock=clock) for route in DIALECTS]
        self._straight = {endpoint.route.path: endpoint.answer for endpoint in endpoints}
        routes = [asgi(path, copy_scope=False)(answer) for path, answer in self._straight.items()]
        tracker = asgi(TRACKER_PREFIX, is_mount=True, copy_scope=True)(tracker_app)
        super().__init__(
            route_handlers=[*routes, tracker],
            exception_handlers={HTTPException: _http_problem, Exception: _failure},
            openapi_config=None,
            logging_config=None,
        )

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:  # ASGI's types and Litestar's differ
        """Answer one request."""
        answer = self._straight.get(scope["path"]) if scope["type"] == "http" else None
        if answer is None:
            return await super().__call__(scope, receive, send)
        return await answer(scope, receive, send)


class Endpoint(Struct, frozen=True, kw_only=True):
    """One route as a plain ASGI application: half the cost of a typed handler, on the path that every visitor takes."""

    route: Route
    pipeline: Pipeline
    room: Room
    trusted: TrustedProxies
    clock: Callable[[], datetime]

    async def answer(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Carry one request through the walk and answer how it ended."""
        try:
            answer = await self._outcome(scope, receive)
        except Disconnected:
            return
        except Rejected as refusal:
            answer = _rejected(refusal, self.route)
        except Unavailable as outage:
            answer = _unavailable(outage)
        except Exception as error:  # noqa: BLE001  # a defect of ours has an answer, too, and a line in the log
            answer = _failed(error)
        await _send(send, answer if answer.status < 400 else _final(answer, scope))  # noqa: PLR2004

    async def _outcome(self, scope: Scope, receive: Receive) -> Answer:
        route = self.route
        if scope["method"] == "OPTIONS":
            return _preflight(route)
        try:
            _refuse_other_methods(scope, route)
            # A thousand events that are read only to be refused would cost as much as storing them.
            self.pipeline.publisher.refuse_while_behind()
            arrival = await arrive(scope, receive, limit=route.limit, room=self.room, trusted=self.trusted, clock=self.clock)
            self.pipeline.publisher.refuse_while_behind()
            hits = route.read(arrival)
        except (Rejected, Unavailable) as refusal:
            count(route.dialect, refusal)
            raise
        outcomes = await self.pipeline.walk(hits)
        for outcome in outcomes:
            count(route.dialect, outcome)
        PUBLISH_SECONDS.observe((), (self.clock() - arrival.received_at).total_seconds())
        return route.word(arrival, outcomes)


def _refuse_other_methods(scope: Scope, route: Route) -> None:
    if scope["method"] not in route.methods:
        raise Rejected(RejectReason.METHOD, f"This address takes {', '.join(route.methods)}.", status=405)


async def _send(send: Send, answer: Answer) -> None:
    await send({"type": "http.response.start", "status": answer.status, "headers": _headers(answer)})
    await send({"type": "http.response.body", "body": answer.body})


def _final(refusal: Answer, scope: Scope) -> Answer:
    """Return *refusal*, and close the connection behind it when the client waits for our word before it sends the body.

    It may never send it then, and its next request would be taken for that body (RFC 9110, 10.1.1).
    """
    if not any(name == b"expect" for name, _ in scope["headers"]):
        return refusal
    return structs.replace(refusal, headers=(*refusal.headers, (b"connection", b"close")))


def _headers(answer: Answer) -> Sequence[tuple[bytes, bytes]]:
    if answer.status != 204:  # noqa: PLR2004
        return [*TELLING, *answer.headers, (b"content-length", str(len(answer.body)).encode())]
    return [*TELLING, *answer.headers] if answer.headers else SHARED


def _preflight(route: Route) -> Answer:
    methods = (b"access-control-allow-methods", ", ".join((*route.methods, "OPTIONS")).encode())
    return Answer(status=204, headers=(methods, *PREFLIGHT))


def _rejected(refusal: Rejected, route: Route) -> Answer:
    problem = Problem(
        status=refusal.status,
        title="The request was not understood, and nothing of it was stored.",
        code=refusal.reason.value,
        detail=refusal.detail,
        field=refusal.field,
    )
    allow = ((b"allow", ", ".join((*route.methods, "OPTIONS")).encode()),) if refusal.reason is RejectReason.METHOD else ()
    return Answer(status=refusal.status, headers=(_PROBLEM, *allow), body=problem.body())


def _unavailable(outage: Unavailable) -> Answer:
    problem = Problem(
        status=503,
        title="The event could not be confirmed as stored.",
        code=outage.reason.value,
        detail="Send it again after Retry-After seconds, with the same id, so that it is stored once.",
    )
    retry = (b"retry-after", str(outage.retry_after).encode())
    return Answer(status=503, headers=(_PROBLEM, retry), body=problem.body())


_PROBLEM: Final = (b"content-type", MEDIA_TYPE.encode())


def _http_problem(_: Request[Any, Any, Any], error: HTTPException) -> Response[bytes]:
    """Answer what Litestar itself refuses, such as an unknown address, in the same shape as everything else."""
    problem = Problem(
        status=error.status_code,
        title="There is nothing at this address." if error.status_code == 404 else "The request was refused.",  # noqa: PLR2004
        code="not_found" if error.status_code == 404 else "refused",  # noqa: PLR2004
        detail="The README lists the addresses.",
    )
    return Response(problem.body(), status_code=error.status_code, media_type=MEDIA_TYPE)


def _failure(_: Request[Any, Any, Any], error: Exception) -> Response[bytes]:
    """Answer a defect outside the endpoints, in the same words."""
    return Response(_failed(error).body, status_code=500, media_type=MEDIA_TYPE)


def _failed(error: Exception) -> Answer:
    """Answer a defect of ours; the log names its type and place, never what was sent."""
    log.error("request failed", exc_info=error)
    problem = Problem(status=500, title="Something went wrong on our side.", code="defect", detail="Send it again later.")
    return Answer(status=500, headers=(_PROBLEM,), body=problem.body())
