"""Arrival: one HTTP request, its head first and then its body within limits, before anybody has looked at what it says."""

import zlib
from collections.abc import Callable, Mapping
from datetime import datetime

from msgspec import Struct

from collector.asgi import Receive, Scope
from collector.hit import Sender
from collector.outcomes import Rejected, RejectReason, Unavailable, UnavailableReason
from collector.privacy.client_ip import CLIENT_HEADERS, SPEAKING_FOR, TrustedProxies, client_ip, is_left_unread

GZIP_WINDOW = 16 + zlib.MAX_WBITS
ROOM_BYTES = 128 * 1024 * 1024


class Disconnected(Exception):
    """The client went away before it had said everything; there is nobody to answer."""


class Head(Struct, frozen=True, kw_only=True):
    """A request before its body: still identifying, so its repr says nothing; ``parameters`` are those of its address.

    ``is_vouched`` says that a proxy which the operator trusts sent it: what such proxies write into headers is believed.
    ``is_unread`` says that ``ip`` is somebody's who passed it on for another, whom nobody believed names.
    """

    method: str
    path: str
    query: bytes
    headers: Mapping[bytes, bytes]
    ip: str
    parameters: Mapping[str, str] = {}
    is_vouched: bool = False
    is_unread: bool = False

    def __repr__(self) -> str:
        return "Head()"

    __str__ = __repr__

    def __rich_repr__(self) -> list[tuple[str, object]]:
        # msgspec's own shows every field, and rich prints it in tracebacks.
        return []

    def header(self, name: bytes) -> str:
        """Return the header *name* (lower case), or "" when there is none; its bytes are Latin-1 (RFC 9110, 5.5)."""
        return self.headers.get(name, b"").decode("latin-1")


class Arrival(Struct, frozen=True, kw_only=True):
    """A request as a dialect sees it, and who sent it."""

    head: Head
    sender: Sender
    received_at: datetime
    body: bytes

    def __repr__(self) -> str:
        return "Arrival()"

    __str__ = __repr__

    def __rich_repr__(self) -> list[tuple[str, object]]:
        return []


class BodyRoom:
    """What the bodies that are still coming in may take together: many who dawdle with a megabyte each would fill memory."""

    def __init__(self, size: int = ROOM_BYTES) -> None:
        self._left = size

    def take(self, size: int) -> None:
        """Take *size* bytes, and raise Unavailable when fewer were left; they are taken either way, until given back."""
        self._left -= size
        if self._left < 0:
            raise Unavailable(UnavailableReason.OVERLOADED, retry_after=1)

    def give_back(self, size: int) -> None:
        """Give *size* bytes back."""
        self._left += size


def read_head(scope: Scope, parameters: Mapping[str, str], trusted: TrustedProxies) -> Head:
    """Return what *scope* says before the body; of a header that comes twice the last counts."""
    headers: dict[bytes, bytes] = dict(scope["headers"])
    peer = scope["client"][0] if scope.get("client") else ""
    forwarded = _forwarded_for(scope) if b"x-forwarded-for" in headers else []
    ip = client_ip(peer, forwarded, trusted, _named_clients(headers) if trusted.networks else ())
    is_vouched = trusted.vouches(peer)
    is_passed_on = not SPEAKING_FOR.isdisjoint(headers)
    return Head(
        method=scope["method"],
        path=scope["path"],
        query=scope["query_string"],
        headers=headers,
        ip=ip,
        parameters=parameters,
        is_vouched=is_vouched,
        is_unread=is_passed_on and is_left_unread(ip, peer, forwarded, is_vouched=is_vouched),
    )


async def arrive(
    head: Head, receive: Receive, *, sender: Sender, limit: int, room: BodyRoom, clock: Callable[[], datetime]
) -> Arrival:
    """Read the body, at most *limit* bytes of it (before and after decompression), or raise Rejected or Unavailable."""
    body = b"" if head.method == "GET" else await _read_body(head.headers, receive, limit, room)
    if encoding := head.headers.get(b"content-encoding"):
        body = _decompress(body, encoding, limit)
    return Arrival(head=head, sender=sender, received_at=clock(), body=body)


def _forwarded_for(scope: Scope) -> list[str]:
    return [value.decode("latin-1") for name, value in scope["headers"] if name == b"x-forwarded-for"]


def _named_clients(headers: Mapping[bytes, bytes]) -> list[str]:
    return [headers[name].decode("latin-1") for name in CLIENT_HEADERS if name in headers]


async def _read_body(headers: Mapping[bytes, bytes], receive: Receive, limit: int, room: BodyRoom) -> bytes:
    # How long it may take is the server's business (serving/protocol.py): a timer for each body costs a tenth of the walk.
    if int(headers.get(b"content-length") or 0) > limit:
        raise _too_large(limit)
    piece, more = await _next_piece(receive)
    if more:
        return await _gather(piece, receive, limit, room)
    if len(piece) > limit:
        raise _too_large(limit)
    return piece


async def _gather(piece: bytes, receive: Receive, limit: int, room: BodyRoom) -> bytes:
    """Return the whole of a body that comes in pieces, of which *piece* was the first."""
    pieces, size, more = [piece], len(piece), True
    try:
        room.take(size)
        while more:
            piece, more = await _next_piece(receive)
            pieces.append(piece)
            size += len(piece)
            room.take(len(piece))
            if size > limit:
                raise _too_large(limit)
        return b"".join(pieces)
    finally:
        room.give_back(size)


async def _next_piece(receive: Receive) -> tuple[bytes, bool]:
    message = await receive()
    if message["type"] == "http.disconnect":
        raise Disconnected
    return message.get("body", b""), message.get("more_body", False)


def _decompress(body: bytes, encoding: bytes, limit: int) -> bytes:
    if encoding.strip().lower() in (b"identity", b""):
        return body
    if encoding.strip().lower() != b"gzip":
        detail = "The Content-Encoding is not one we read; send the body as it is, or as gzip."
        raise Rejected(RejectReason.ENCODING, detail, status=415)
    inflater = zlib.decompressobj(GZIP_WINDOW)
    try:
        plain = inflater.decompress(body, limit + 1)
    except zlib.error:
        raise Rejected(RejectReason.ENCODING, "The body is not valid gzip; compress it again, or send it as it is.") from None
    if len(plain) > limit:
        raise _too_large(limit)
    if not inflater.eof or inflater.unused_data:
        raise Rejected(RejectReason.ENCODING, "The gzip body is cut off or has something behind it; send one whole stream.")
    return plain


def _too_large(limit: int) -> Rejected:
    detail = f"The body is over {limit:,} bytes; send fewer or shorter events at a time."
    return Rejected(RejectReason.TOO_LARGE, detail, status=413)
