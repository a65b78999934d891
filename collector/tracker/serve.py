"""The snippet over HTTP: one name that stays and is cached for an hour, and one with the content's hash that never changes."""

import base64
import gzip
import hashlib
import re
from functools import cache
from html import escape
from pathlib import Path
from typing import Final

from msgspec import Struct

from collector.asgi import Receive, Scope, Send
from contracts.problem import MEDIA_TYPE, Problem

TRACKER_PREFIX: Final = "/js"
SCRIPT_NAME: Final = "c.js"
_MINIFIED: Final = Path(__file__).with_name("c.min.js")
_COMMON_HEADERS: Final = {
    "Content-Type": "text/javascript; charset=utf-8",
    "Vary": "Accept-Encoding",
    "Access-Control-Allow-Origin": "*",
    "Cross-Origin-Resource-Policy": "cross-origin",
    "X-Content-Type-Options": "nosniff",
}
_FOR_AN_HOUR: Final = "public, max-age=3600, stale-while-revalidate=86400"
_FOR_EVER: Final = "public, max-age=31536000, immutable"
_NOTHING: Final = re.compile(r"^0(\.0*)?$")


class Script(Struct, frozen=True, kw_only=True):
    """The minified snippet, compressed once, with the names that its content gives it."""

    plain: bytes
    gzipped: bytes
    etag: str
    integrity: str
    hashed_name: str


class Answer(Struct, frozen=True, kw_only=True):
    """One HTTP answer, before it is sent."""

    status: int
    headers: dict[str, str]
    body: bytes = b""


@cache
def script() -> Script:
    """Return the snippet; the file is read and compressed once."""
    plain = _MINIFIED.read_bytes()
    sha384 = hashlib.sha384(plain).digest()
    version = hashlib.sha256(plain).hexdigest()[:16]
    return Script(
        plain=plain,
        gzipped=gzip.compress(plain, compresslevel=9, mtime=0),
        # A hash of the file and so the same for everyone: a tag of one's own would be a cookie.
        # Weak: the same snippet, whether or not it is compressed.
        etag=f'W/"{version}"',
        integrity=f"sha384-{base64.b64encode(sha384).decode()}",
        hashed_name=f"c.{version}.js",
    )


def pinned_snippet(site: str, public_url: str) -> str:
    """Return the HTML that loads exactly this version of the snippet, or nothing (Subresource Integrity)."""
    source = f"{public_url.rstrip('/')}{TRACKER_PREFIX}/{script().hashed_name}"
    return (
        f'<script defer data-site="{escape(site)}" src="{escape(source)}" '
        f'integrity="{script().integrity}" crossorigin="anonymous"></script>'
    )


async def tracker_app(scope: Scope, receive: Receive, send: Send) -> None:  # noqa: ARG001  # ASGI passes three
    """Serve ``/js/c.js`` and ``/js/c.<hash>.js``; mounted under ``/js`` or not."""
    headers = {name.lower(): value.decode("latin-1") for name, value in scope["headers"]}
    answer = respond(scope["method"], scope["path"], headers)
    lines = [(name.lower().encode(), value.encode()) for name, value in answer.headers.items()]
    await send({"type": "http.response.start", "status": answer.status, "headers": lines})
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
        return _problem(Problem(status=405, title="Method not allowed", code="method", detail=detail), Allow="GET, HEAD")
    caching = _FOR_AN_HOUR if name == SCRIPT_NAME else _FOR_EVER
    about = _COMMON_HEADERS | {"Cache-Control": caching, "ETag": script().etag}
    if _knows(headers.get(b"if-none-match", ""), script().etag):
        return Answer(status=304, headers=about)
    if not _accepts_gzip(headers.get(b"accept-encoding", "")):
        return _whole(about, script().plain)
    return _whole(about | {"Content-Encoding": "gzip"}, script().gzipped)


def _whole(headers: dict[str, str], body: bytes) -> Answer:
    return Answer(status=200, headers=headers | {"Content-Length": str(len(body))}, body=body)


def _problem(problem: Problem, **headers: str) -> Answer:
    body = problem.body()
    about = {"Content-Type": MEDIA_TYPE, "Content-Length": str(len(body)), "Cache-Control": "no-store"}
    return Answer(status=problem.status, headers=about | headers, body=body)


def _knows(if_none_match: str, etag: str) -> bool:
    """Tell whether the client has this version; the comparison is the weak one (RFC 9110, 13.1.2)."""
    known = {tag.strip().removeprefix("W/") for tag in if_none_match.split(",")}
    return "*" in known or etag.removeprefix("W/") in known


def _accepts_gzip(accept_encoding: str) -> bool:
    """Tell whether the client reads gzip: named, and not with a weight of nothing (RFC 9110, 12.5.3)."""
    offers = (coding.replace(" ", "").partition(";q=") for coding in accept_encoding.lower().split(","))
    return any(name in ("gzip", "*") and not _NOTHING.match(weight) for name, _, weight in offers)
