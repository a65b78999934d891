"""Compression of answers: Litestar's own middleware, told by what a client really takes, and telling caches that it matters."""

import re
from typing import Final

from litestar.config.compression import CompressionConfig
from litestar.datastructures import Headers, MutableScopeHeaders
from litestar.middleware import DefineMiddleware
from litestar.middleware.compression import CompressionMiddleware
from litestar.types import Message, Receive, Scope, Send

# What fits one packet is sent no sooner for being smaller.
_SMALLEST: Final = 1024
# Beyond it a page takes twice as long, and is 2 % smaller.
_LEVEL: Final = 5
_NOTHING: Final = re.compile(r"0(\.0*)?")


class Compressed(CompressionMiddleware):
    """Compresses what somebody takes compressed. A secret that stands in a page must look different each time (masked_csrf)."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""

        async def varying(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableScopeHeaders.from_message(message)
                if "accept-encoding" not in headers.get("vary", "").lower():
                    headers.extend_header_value("vary", "Accept-Encoding")
            await send(message)

        if takes_gzip(Headers.from_scope(scope).get("accept-encoding", "")):
            return await super().__call__(scope, receive, varying)
        return await self.app(scope, receive, varying)


def takes_gzip(accept_encoding: str) -> bool:
    """Say whether a client takes gzip: by its name, and not with a weight of nothing (RFC 9110, 12.5.3)."""
    offers = (coding.replace(" ", "").partition(";q=") for coding in accept_encoding.lower().split(","))
    return any(name == "gzip" and not _NOTHING.fullmatch(weight) for name, _, weight in offers)


# Litestar's own place for it is within every other middleware, which would have to read compressed pages.
COMPRESSION: Final = DefineMiddleware(
    Compressed, config=CompressionConfig(backend="gzip", gzip_compress_level=_LEVEL, minimum_size=_SMALLEST)
)
