"""The snippet over HTTP: one name that stays and is cached for an hour, and one with the content's hash that never changes."""

import gzip
import hashlib
import re
from functools import cache
from pathlib import Path
from typing import Final

from msgspec import Struct

from collector.answer import CONTENT_PROBLEM, Answer, Headers
from collector.asgi import Receive, Scope, Send
from contracts.problem import Problem

TRACKER_PREFIX: Final = "/js"
SCRIPT_NAME: Final = "c.js"
_MINIFIED: Final = Path(__file__).with_name("c.min.js")
_COMMON_HEADERS: Final[Headers] = (
    (b"content-type", b"text/javascript; charset=utf-8"),
    (b"vary", b"Accept-Encoding"),
    (b"access-control-allow-origin", b"*"),
    (b"cross-origin-resource-policy", b"cross-origin"),
    (b"x-content-type-options", b"nosniff"),
)
_FOR_AN_HOUR: Final = b"public, max-age=3600, stale-while-revalidate=86400"
_FOR_EVER: Final = b"public, max-age=31536000, immutable"
_NOTHING: Final = re.compile(r"^0(\.0*)?$")


class Script(Struct, frozen=True, kw_only=True):
    """The minified snippet, compressed once, with the names that its content gives it."""

    plain: bytes
    gzipped: bytes
    etag: str
    hashed_name: str


@cache
def script() -> Script:
    """Return the snippet; the file is read and compressed once."""
    plain = _MINIFIED.read_bytes()
    version = hashlib.sha256(plain).hexdigest()[:16]
    return Script(
        plain=plain,
        gzipped=gzip.compress(plain, compresslevel=9, mtime=0),
        # A hash of the file and so the same for everyone: a tag of one's own would be a cookie.
        # Weak: the same snippet, whether or not it is compressed.
        etag=f'W/"{version}"',
        hashed_name=f"c.{version}.js",
    )


async def tracker_app(scope: Scope, receive: Receive, send: Send) -> None:  # noqa: ARG001  # ASGI passes three
    """Serve ``/js/c.js`` and ``/js/c.<hash>.js``; mounted under ``/js`` or not."""
    headers = {name.lower(): value.decode("latin-1") for name, value in scope["headers"]}
    answer = respond(scope["method"], scope["path"], headers)
    await send({"type": "http.response.start", "status": answer.status, "headers": list(answer.headers)})
    await send({"type": "http.response.body", "body": b"" if scope["method"] == "HEAD" else answer.body})


def respond(method: str, path: str, headers: dict[bytes, str]) -> Answer:
    """Return the answer to a request for the snippet; *headers* have lower-case names."""
    # Litestar hands a mounted app the rest of the path, with a slash at its end.
    name = path.removeprefix(TRACKER_PREFIX).strip("/")
    if name not in (SCRIPT_NAME, script().hashed_name):
        detail = f"The snippet is at {TRACKER_PREFIX}/{SCRIPT_NAME}; a name with a hash lives until the next version."
        return _problem(Problem(status=404, title="Not found", code="not_found", detail=detail))
    if method not in ("GET", "HEAD"):
        detail = "The snippet can be read with GET and HEAD."
        return _problem(Problem(status=405, title="Method not allowed", code="method", detail=detail), (b"allow", b"GET, HEAD"))
    caching = _FOR_AN_HOUR if name == SCRIPT_NAME else _FOR_EVER
    about = (*_COMMON_HEADERS, (b"cache-control", caching), (b"etag", script().etag.encode()))
    if _knows(headers.get(b"if-none-match", ""), script().etag):
        return Answer(status=304, headers=about)
    if not _accepts_gzip(headers.get(b"accept-encoding", "")):
        return _whole(about, script().plain)
    return _whole((*about, (b"content-encoding", b"gzip")), script().gzipped)


def _whole(headers: Headers, body: bytes) -> Answer:
    return Answer(status=200, headers=(*headers, (b"content-length", str(len(body)).encode())), body=body)


def _problem(problem: Problem, *headers: tuple[bytes, bytes]) -> Answer:
    body = problem.body()
    about = (CONTENT_PROBLEM, (b"content-length", str(len(body)).encode()), (b"cache-control", b"no-store"))
    return Answer(status=problem.status, headers=(*about, *headers), body=body)


def _knows(if_none_match: str, etag: str) -> bool:
    """Tell whether the client has this version; the comparison is the weak one (RFC 9110, 13.1.2)."""
    known = {tag.strip().removeprefix("W/") for tag in if_none_match.split(",")}
    return "*" in known or etag.removeprefix("W/") in known


def _accepts_gzip(accept_encoding: str) -> bool:
    """Tell whether the client reads gzip: named, and not with a weight of nothing (RFC 9110, 12.5.3)."""
    offers = (coding.replace(" ", "").partition(";q=") for coding in accept_encoding.lower().split(","))
    return any(name in ("gzip", "*") and not _NOTHING.match(weight) for name, _, weight in offers)
