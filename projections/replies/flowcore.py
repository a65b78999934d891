"""The Flowcore collector's front page: what it is, for callers that ask `/` for JSON and for no page."""

from collections.abc import Awaitable, Callable, Iterable, Mapping
from typing import Any, Final

import msgspec

from contracts.flowcore import INFO

_METHODS: Final = ("GET", "HEAD")
_BODY: Final = msgspec.json.encode(INFO)
_HEADERS: Final = (
    (b"content-type", b"application/json"),
    (b"content-length", b"%d" % len(_BODY)),
    (b"cache-control", b"no-store"),
    (b"vary", b"Accept"),
    (b"x-content-type-options", b"nosniff"),
    (b"access-control-allow-origin", b"*"),
)


def asks_for_info(scope: Mapping[str, Any]) -> bool:
    """Say whether *scope* is of a request that asks the front page for JSON alone; a browser asks for a page, too."""
    if scope["type"] != "http" or scope["path"] != "/" or scope["method"] not in _METHODS:
        return False
    accept = _accept_in(scope["headers"])
    return b"application/json" in accept and b"text/html" not in accept


async def send_info(send: Callable[[Any], Awaitable[None]]) -> None:
    """Answer what it is; it depends on nothing and says nothing of anybody."""
    await send({"type": "http.response.start", "status": 200, "headers": list(_HEADERS)})
    await send({"type": "http.response.body", "body": _BODY})


def _accept_in(headers: Iterable[tuple[bytes, bytes]]) -> bytes:
    return b",".join(value for name, value in headers if name.lower() == b"accept").lower()
