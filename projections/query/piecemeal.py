"""Piecemeal: an answer that is sent as its pieces are made, and whose maker is closed however the sending ends."""

from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import Any, Self, cast

from litestar import Request
from litestar.response import Stream
from litestar.response.base import ASGIResponse
from litestar.types import Receive, Scope, Send


class Piecemeal(Stream):
    """Sends *pieces*. When they end in an error the answer has no end either: so its reader knows that it is not whole."""

    def __init__(self, pieces: AsyncGenerator[str], *, media_type: str, headers: dict[str, str]) -> None:
        super().__init__(pieces, media_type=media_type, headers=headers)
        self._pieces = pieces

    @classmethod
    async def beginning(cls, pieces: AsyncGenerator[str], *, media_type: str, headers: dict[str, str]) -> Self:
        """Return the answer once there is its first piece: what is refused until then is answered in words."""
        first = await anext(pieces)
        return cls(_behind(first, pieces), media_type=media_type, headers=headers)

    def to_asgi_response(self, app: None, request: Request[Any, Any, Any], **options: Any) -> ASGIResponse:  # type: ignore[override]  # its many options are passed on
        """Return what sends the pieces."""
        sending = super().to_asgi_response(app, request, **options)
        return cast("ASGIResponse", _Closing(sending, self._pieces))


class _Closing:
    """Closes *pieces* when *sending* is over: a client that leaves keeps no session of the database."""

    def __init__(self, sending: ASGIResponse, pieces: AsyncGenerator[str]) -> None:
        self._sending = sending
        self._pieces = pieces

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async with aclosing(self._pieces):
            await self._sending(scope, receive, send)


async def _behind(first: str, pieces: AsyncGenerator[str]) -> AsyncGenerator[str]:
    async with aclosing(pieces):
        yield first
        async for piece in pieces:
            yield piece
