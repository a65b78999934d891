"""The ingest app: ASGI in, the walk of pipeline.py in between, ASGI out."""

import asyncio
import logging
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Final

from litestar import Litestar, Request, Response, asgi
from litestar.exceptions import HTTPException
from msgspec import structs

from collector.addresses import AddressClash, Addresses, Found
from collector.answer import DEFECT, Answer, Headers
from collector.arrival import Disconnected, Head, read_head
from collector.asgi import Receive, Scope, Send
from collector.dialects import DIALECTS, Dialects, addresses_of
from collector.dialects.endpoint import Endpoint, Reply
from collector.outcomes import Rejected, RejectReason
from collector.pipeline import Pipeline
from collector.privacy.client_ip import TrustedProxies
from collector.tracker.serve import TRACKER_PREFIX, tracker_app
from contracts.mounts import Mount
from contracts.nowhere import mount_at, nowhere
from contracts.problem import MEDIA_TYPE, Problem

log = logging.getLogger(__name__)

# Any page may send, none may read a cookie: there is none. The wildcard does not cover Authorization (Fetch standard).
FOR_ANY_PAGE: Final[Headers] = ((b"access-control-allow-origin", b"*"),)
# For an answer that says more than that it is done.
FOR_A_READER: Final = (
    (b"access-control-expose-headers", b"retry-after, x-collector-dropped"),
    (b"cross-origin-resource-policy", b"cross-origin"),
    (b"cache-control", b"no-store"),
    (b"x-content-type-options", b"nosniff"),
)
PREFLIGHT: Final = (
    (
        b"access-control-allow-headers",
        b"content-type, authorization, prefer, x-api-key, x-requested-with, x-retry-count, x-tenant-id",
    ),
    (b"access-control-max-age", b"86400"),
)
_UNASKED: Final = (b"text/plain", b"application/x-www-form-urlencoded", b"multipart/form-data")
_ERROR: Final = 400
_NO_CONTENT: Final = 204
_NOT_FOUND: Final = 404
_TOO_MANY: Final = 429
# A flood of a connection is then four requests a second, while a client that does as Retry-After says loses nothing by it.
HELD_BACK_SECONDS: Final = 0.25


def addresses(dialects: Dialects = DIALECTS) -> tuple[tuple[str, str], ...]:
    """Return (method, template) of everything that the ingest half answers."""
    ours = tuple((entry.method, entry.template) for entry in addresses_of(dialects))
    return (*ours, *((method, f"{TRACKER_PREFIX}/{{rest}}") for method in ("GET", "HEAD")))


class IngestApp(Litestar):
    """The endpoints of the dialects as plain ASGI, and the snippet.

    A path that is an endpoint's to the letter is one look-up away from it: a router has nothing to find there, and a typed
    handler would cost twice as much. What is at no address of a dialect goes through Litestar.
    """

    def __init__(self, pipeline: Pipeline, *, trusted: TrustedProxies, dialects: Dialects = DIALECTS) -> None:
        """Raise AddressClash where two of *dialects* claim the same request."""
        self._pipeline = pipeline
        self._trusted = trusted
        self._addresses = Addresses(addresses_of(dialects))
        _refuse_unlike_twins(dialects)
        super().__init__(
            route_handlers=[asgi(TRACKER_PREFIX, is_mount=True, copy_scope=True)(self._send_snippet)],
            exception_handlers={HTTPException: _http_problem, Exception: _failure},
            openapi_config=None,
            logging_config=None,
        )

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:  # ASGI's types and Litestar's differ
        """Answer one request."""
        if scope["type"] != "http":
            return await super().__call__(scope, receive, send)
        path = scope["path"]
        # A path is the same with a slash behind it: without one first, else a tail would take it.
        for each in (path.rstrip("/"), path) if path.endswith("/") else (path,):
            if (found := self._addresses.find(scope["method"], each)) is not None:
                return await self._answer(found, scope, receive, send)
        path = path.rstrip("/")
        if methods := self._addresses.methods(path):
            return await self._answer_other_method(methods, path, scope, send)
        if (mount := mount_at(path)) is not None:
            return await _send(send, _nothing(mount, scope, path))
        return await super().__call__(scope, receive, send)

    async def _send_snippet(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve the snippet, and count it for the site of the page that fetches it."""
        head = read_head(scope, {}, self._trusted)
        self._pipeline.signs.see_loaded(self._pipeline.clock(), head, self._pipeline.sites)
        await tracker_app(scope, receive, send)

    async def _answer(self, found: Found[Endpoint | Reply], scope: Scope, receive: Receive, send: Send) -> None:
        """Carry one request through the walk and answer how it ended."""
        page = FOR_ANY_PAGE
        try:
            head = read_head(scope, found.parameters, self._trusted)
            page = self._for_page(scope, head.headers)
            answer = _carrying(found.entries[0].part, head, await self._pipeline.answer(found, head, receive))
        except Disconnected:
            return
        except Exception as error:  # noqa: BLE001  # a defect of ours has an answer, too, and a line in the log
            answer = _defect(error)
        if answer.status == _TOO_MANY:
            # Whoever asks again at once waits here, so that nobody else stands in a line behind their next one.
            await asyncio.sleep(HELD_BACK_SECONDS)
        await _send(send, answer if answer.status < _ERROR else _final(answer, scope), page)

    async def _answer_other_method(self, methods: tuple[str, ...], path: str, scope: Scope, send: Send) -> None:
        """Answer a preflight, or refuse a method that nothing at *path* takes."""
        allowed = ", ".join((*methods, "OPTIONS")).encode()
        if scope["method"] == "OPTIONS":
            preflight = ((b"access-control-allow-methods", allowed), *PREFLIGHT)
            return await _send(
                send, Answer(status=_NO_CONTENT, headers=preflight), self._for_page(scope, dict(scope["headers"]))
            )
        found = self._addresses.find(methods[0], path)
        part = found.entries[0].part if found is not None else None
        refusal = Rejected(RejectReason.METHOD, f"This address takes {', '.join(methods)}.", status=405)
        answer = self._pipeline.reject(part, refusal) if part is not None else DEFECT
        return await _send(send, _final(structs.replace(answer, headers=(*answer.headers, (b"allow", allowed))), scope))

    def _for_page(self, scope: Scope, said: Mapping[bytes, bytes]) -> Headers:
        """Return which pages may send: any, and one that sends a beacon of JSON by its name.

        Such a beacon asks first, and always with credentials, which a wildcard does not allow. None are read here, and nothing
        in an answer is anybody's.
        """
        origin = said.get(b"origin")
        if origin is None or (scope["method"] != "OPTIONS" and _is_sent_unasked(said)):
            return FOR_ANY_PAGE
        found = self._addresses.find("POST", scope["path"].rstrip("/"))
        part = found.entries[0].part if found is not None else None
        if not isinstance(part, Endpoint) or not part.takes_beacons:
            return FOR_ANY_PAGE
        return ((b"access-control-allow-origin", origin), (b"access-control-allow-credentials", b"true"), (b"vary", b"Origin"))


def _is_sent_unasked(said: Mapping[bytes, bytes]) -> bool:
    """Say whether a page may send such a body without asking first (Fetch standard, "CORS-safelisted request-header")."""
    return said.get(b"content-type", b"text/plain").lower().startswith(_UNASKED)


def _carrying(part: Endpoint | Reply, head: Head, answer: Answer) -> Answer:
    """Return *answer* with what every answer of *part* carries."""
    if isinstance(part, Reply) or part.carried is None:
        return answer
    return structs.replace(answer, headers=(*answer.headers, *part.carried(head)))


def _nothing(mount: Mount, scope: Scope, path: str) -> Answer:
    """Answer, under a system's mount, that there is nothing, as that system does."""
    said_id = next((value.decode("latin-1") for name, value in scope["headers"] if name == b"x-request-id"), "")
    nothing = nowhere(mount, scope["method"], path, datetime.now(UTC), said_id)
    headers = {"content-type": nothing.media} | nothing.headers
    encoded = tuple((name.encode(), value.encode()) for name, value in headers.items())
    return Answer(status=_NOT_FOUND, headers=encoded, body=nothing.body)


def _refuse_unlike_twins(dialects: Iterable[Endpoint | Reply]) -> None:
    """Raise AddressClash when endpoints that the body alone tells apart ask for different things before it is read."""
    asked: dict[object, tuple[object, ...]] = {}
    for part in dialects:
        if not isinstance(part, Endpoint):
            continue
        before = (part.scope, part.limit, part.shown_key)
        head = (part.mark.header, part.mark.value) if part.mark is not None else (b"", b"")
        for method in part.methods:
            if asked.setdefault((method, part.template, head), before) != before:
                raise AddressClash(
                    f"Two endpoints at {method} {part.template} are told apart by the body, but differ in scope, limit or key, "
                    "which are asked for before it is read; give them the same, or tell them apart by a header."
                )


async def _send(send: Send, answer: Answer, page: Headers = FOR_ANY_PAGE) -> None:
    await send({"type": "http.response.start", "status": answer.status, "headers": _headers(answer, page)})
    await send({"type": "http.response.body", "body": answer.body})


def _final(refusal: Answer, scope: Scope) -> Answer:
    """Return *refusal*, and close the connection behind it when the client waits for our word before it sends the body.

    It may never send it then, and its next request would be taken for that body (RFC 9110, 10.1.1).
    """
    if not any(name == b"expect" for name, _ in scope["headers"]):
        return refusal
    return structs.replace(refusal, headers=(*refusal.headers, (b"connection", b"close")))


def _headers(answer: Answer, page: Headers) -> Sequence[tuple[bytes, bytes]]:
    if answer.status != _NO_CONTENT:
        return [*page, *FOR_A_READER, *answer.headers, (b"content-length", str(len(answer.body)).encode())]
    return [*page, *FOR_A_READER, *answer.headers] if answer.headers else page


def _http_problem(_: Request[Any, Any, Any], error: HTTPException) -> Response[bytes]:
    """Answer what Litestar itself refuses, such as an unknown address, in the same shape as everything else."""
    is_unknown = error.status_code == _NOT_FOUND
    problem = Problem(
        status=error.status_code,
        title="There is nothing at this address." if is_unknown else "The request was refused.",
        code="not_found" if is_unknown else "refused",
        detail="The README lists the addresses.",
    )
    return Response(problem.body(), status_code=error.status_code, media_type=MEDIA_TYPE)


def _failure(_: Request[Any, Any, Any], error: Exception) -> Response[bytes]:
    """Answer a defect outside the endpoints, in the same words."""
    return Response(_defect(error).body, status_code=500, media_type=MEDIA_TYPE)


def _defect(error: Exception) -> Answer:
    """Answer a defect of ours; the log names its type and place, never what was sent."""
    log.error("request failed", exc_info=error)
    return DEFECT
