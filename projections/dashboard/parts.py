"""The live parts of a page: each carries a mark of what it says, and a browser that shows some is sent only those that changed.

A part is an element with an id and ``data-live``. What is asked with the header PARTS, which names the parts that a browser has
and their marks, is answered by the parts that differ, and by the same header, which names all that the page has now.
"""

import hashlib
import re
from collections.abc import Mapping
from typing import Final

from litestar.datastructures import Headers, MutableScopeHeaders
from litestar.enums import ScopeType
from litestar.types import ASGIApp, Message, Receive, Scope, Send
from msgspec import Struct

PARTS: Final = "Collector-Parts"
_MARK_BYTES: Final = 5
# Values stand in quotes and hold neither quotes nor angle brackets, because templates escape them; so does all text.
_LIVE: Final = re.compile(r'<([a-z]+)(?:\s[a-z-]+(?:="[^"]*")?)*?\sdata-live(?=[\s>])[^>]*>')
_ATTRIBUTE: Final = re.compile(r'\s([a-z-]+)(?:="([^"]*)")?')


class Part(Struct, frozen=True, kw_only=True):
    """One live part: where it stands in the page, where its mark belongs, and the mark of what it says."""

    id: str
    start: int
    flag: int
    end: int
    mark: str


def parts_of(html: str) -> list[Part]:
    """Return the live parts of a page, in their order."""
    parts, end = [], 0
    while opening := _LIVE.search(html, end):
        start, end = opening.start(), _end_of(opening[1], html, opening.start())
        attributes = {found[1]: found for found in _ATTRIBUTE.finditer(html, start, opening.end())}
        parts.append(
            Part(
                id=attributes["id"][2],
                start=start,
                flag=attributes["data-live"].end(),
                end=end,
                mark=hashlib.blake2b(html[start:end].encode(), digest_size=_MARK_BYTES).hexdigest(),
            )
        )
    return parts


def marked(html: str) -> str:
    """Return the page with the mark of each live part in it."""
    pieces, end = [], 0
    for part in parts_of(html):
        pieces += [html[end : part.start], _with_mark(html, part)]
        end = part.end
    return "".join([*pieces, html[end:]])


def changed(html: str, known: Mapping[str, str]) -> tuple[str, list[str]]:
    """Return those live parts whose mark is not *known*, and the ids of all."""
    parts = parts_of(html)
    return "".join(_with_mark(html, part) for part in parts if known.get(part.id) != part.mark), [part.id for part in parts]


def known_in(header: str) -> dict[str, str]:
    """Return the marks that a browser names, by the ids of their parts: ``overview=0a1b2c panel-now=3d4e5f``."""
    return dict(name.split("=", 1) for name in header.split() if "=" in name)


def sending_parts(app: ASGIApp) -> ASGIApp:
    """Wrap *app*, so that its pages carry marks, and who names the parts that they have is sent the others."""

    async def wrapped(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != ScopeType.HTTP:
            return await app(scope, receive, send)
        return await app(scope, receive, _Sending(send, Headers.from_scope(scope).get(PARTS)))

    return wrapped


class _Sending:
    """Holds the head of a page back until its body is there, which decides what is sent."""

    def __init__(self, send: Send, known: str | None) -> None:
        self._send = send
        self._known = known
        self._head: Message | None = None
        self._body = b""

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.start" and _is_page(message):
            self._head = message
            return
        if message["type"] != "http.response.body" or self._head is None:
            await self._send(message)
            return
        self._body += message["body"]
        if message["more_body"]:
            return
        headers = MutableScopeHeaders.from_message(self._head)
        body = self._said(self._body.decode(), headers).encode()
        headers["Content-Length"] = str(len(body))
        await self._send(self._head)
        await self._send({"type": "http.response.body", "body": body, "more_body": False})

    def _said(self, html: str, headers: MutableScopeHeaders) -> str:
        headers["Vary"] = ", ".join(filter(None, (headers.get("Vary"), PARTS)))
        if self._known is None:
            return marked(html)
        parts, ids = changed(html, known_in(self._known))
        headers[PARTS] = " ".join(ids)
        return parts


def _is_page(message: Message) -> bool:
    headers = MutableScopeHeaders.from_message(message)
    return message.get("status") == 200 and headers.get("Content-Type", "").startswith("text/html")  # noqa: PLR2004  # all is well


def _end_of(tag: str, html: str, start: int) -> int:
    depth = 0
    for found in re.compile(rf"<(/?){tag}(?=[\s>])").finditer(html, start):
        depth += -1 if found[1] else 1
        if depth == 0:
            return found.end() + 1
    raise ValueError(f"a live <{tag}> is never closed")


def _with_mark(html: str, part: Part) -> str:
    return f'{html[part.start : part.flag]}="{part.mark}"{html[part.flag : part.end]}'
