"""What each system says under its mount where it has nothing: both halves answer it, in that system's own words."""

import re
from datetime import UTC, datetime
from typing import Final

import msgspec
from msgspec import Struct

from contracts.mounts import Mount
from contracts.request_id import request_id

_MOUNTS: Final = {mount.value: mount for mount in Mount}
# What can be the name of a route, and neither a key nor an address of anybody, for it is said back.
_PLAIN: Final = re.compile(r"(?:/[A-Za-z0-9._-]{0,40}){1,8}")
_JSON: Final = "application/json; charset=utf-8"
_TEXT: Final = "text/plain; charset=utf-8"
# What browsers are to refrain from, on every answer of Change66's log server.
CHANGE66_SECURITY: Final = {
    "x-frame-options": "DENY",
    "x-xss-protection": "1; mode=block",
    "referrer-policy": "strict-origin-when-cross-origin",
}


class Nowhere(Struct, frozen=True, kw_only=True):
    """The body of a 404, of which type it is, and what else its head carries."""

    media: str
    body: bytes
    headers: dict[str, str] = {}  # msgspec copies it


def mount_at(path: str) -> Mount | None:
    """Return the system under whose mount *path* is, None where it is under none."""
    return _MOUNTS.get(path.removeprefix("/").partition("/")[0])


def nowhere(mount: Mount, method: str, path: str, at: datetime, said_id: str = "") -> Nowhere:
    """Return what *mount* says of *path*, which begins with its name, and of nothing that stands there.

    ``said_id`` is the X-Request-ID of the request, which Change66's log server answers with whatever was asked for.
    """
    route = path.removeprefix(f"/{mount.value}") or "/"
    route = route if _PLAIN.fullmatch(route) else "/?"
    match mount:
        case Mount.BILAN | Mount.MINIGEM:
            said = {"message": f"Route {method}:{route} not found", "error": "Not Found", "statusCode": 404}
            return Nowhere(media=_JSON, body=msgspec.json.encode(said))
        case Mount.NODASH:
            stamp = f"{at.astimezone(UTC):%Y-%m-%dT%H:%M:%S}.{at.microsecond // 1000:03}Z"
            told = {"error": "Not Found", "message": f"Route {method} {route} not found", "statusCode": 404, "timestamp": stamp}
            return Nowhere(media=_JSON, body=msgspec.json.encode(told))
        case Mount.CHANGE66:
            carried = CHANGE66_SECURITY | {"x-request-id": request_id(said_id, at)}
            return Nowhere(media=_TEXT, body=b"404 page not found", headers=carried)
        case Mount.FLOWCORE:
            return Nowhere(media="text/plain;charset=utf-8", body=b"NOT_FOUND")
