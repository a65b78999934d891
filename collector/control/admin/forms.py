"""Forms of pages as the typed handlers take them: what a form says becomes JSON, and where it leads on is kept beside it."""

from typing import Any, Final
from urllib.parse import parse_qs

import msgspec

from collector.asgi import Message, Receive, Scope
from contracts.sessions import CSRF_FIELD, CSRF_HEADER

FORM: Final = b"application/x-www-form-urlencoded"
MAX_BODY: Final = 64 * 1024
_MOST_FIELDS: Final = 200
_ONWARD_FIELD: Final = "next"
_ONWARD: Final = "collector.onward"


class TooLarge(Exception):
    """The form is larger than any of ours."""


class Unreadable(Exception):
    """The form is none."""


def is_form(scope: Scope) -> bool:
    """Say whether the body is a form's."""
    return any(name == b"content-type" and value.partition(b";")[0].strip().lower() == FORM for name, value in scope["headers"])


async def as_json(scope: Scope, receive: Receive) -> tuple[Scope, Receive]:
    """Return the request with its form as a JSON object: a field that comes once is a text, one that comes again a list."""
    fields = _fields(await _body(receive))
    onward = fields.pop(_ONWARD_FIELD, "/")
    token = fields.pop(CSRF_FIELD, "")
    body = msgspec.json.encode(fields)
    replaced = (b"content-type", b"content-length", CSRF_HEADER.encode())
    kept = [(name, value) for name, value in scope["headers"] if name not in replaced]
    headers = [
        *kept,
        (b"content-type", b"application/json"),
        (b"content-length", str(len(body)).encode()),
        (CSRF_HEADER.encode(), token.encode() if isinstance(token, str) else b""),
    ]

    async def told() -> Message:
        return {"type": "http.request", "body": body, "more_body": False}

    path = own_path(onward if isinstance(onward, str) else "/")
    return {**scope, "headers": headers, _ONWARD: path}, told


def onward_of(scope: Any) -> str | None:
    """Return where the form leads on to, None when no form was sent."""
    path: str | None = scope.get(_ONWARD)
    return path


def own_path(claimed: str) -> str:
    """Return *claimed* when it is a path of ours, else the front page; browsers read // and a backslash as another host."""
    plain = claimed.isascii() and claimed.isprintable() and "\\" not in claimed
    return claimed if plain and claimed.startswith("/") and not claimed.startswith("//") else "/"


def _fields(body: bytes) -> dict[str, str | list[str]]:
    try:
        found = parse_qs(body.decode(), keep_blank_values=True, max_num_fields=_MOST_FIELDS)
    except ValueError:
        raise Unreadable from None
    return {name: values[0] if len(values) == 1 else values for name, values in found.items()}


async def _body(receive: Receive) -> bytes:
    pieces: list[bytes] = []
    size, more = 0, True
    while more:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise Unreadable
        pieces.append(message.get("body", b""))
        size, more = size + len(pieces[-1]), message.get("more_body", False)
        if size > MAX_BODY:
            raise TooLarge
    return b"".join(pieces)
