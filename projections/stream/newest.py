"""Newest: the last sequence of a stream as it is now, over a connection of its own that begins with the first question."""

import asyncio
from typing import Final

from contracts.streams import EventStream
from projections.stream.connection import Connection, NoStream, StreamUnavailable

PATIENCE_SECONDS: Final = 1.0


class Newest:
    """Says how far streams are written, in *seconds* at the most; while NATS is away it goes on trying to connect."""

    def __init__(self, nats_url: str, *, seconds: float = PATIENCE_SECONDS) -> None:
        self.seconds = seconds
        self._connection = Connection(nats_url)
        self._opening: asyncio.Task[None] | None = None

    async def seq(self, stream: EventStream) -> int:
        """Return the last sequence of *stream*, 0 while there is none; raise StreamUnavailable or JetStreamError."""
        await self._be_connected()
        try:
            return (await self._connection.ask(f"STREAM.INFO.{stream.name}", patience=self.seconds)).state.last_seq
        except NoStream:
            return 0

    async def close(self) -> None:
        """Leave NATS."""
        if self._opening is not None:
            await asyncio.wait({self._opening})
            if not self._opening.cancelled():
                self._opening.exception()  # looked at, so that nobody misses it
        await self._connection.close()

    async def _be_connected(self) -> None:
        if self._opening is None:
            self._opening = asyncio.create_task(self._connection.open(), name="newest-connect")
        opening = self._opening
        await asyncio.wait({opening}, timeout=self.seconds)
        if not opening.done():
            raise StreamUnavailable("not connected to NATS yet")
        if opening.exception() is not None:
            self._opening = None  # to be tried anew by whoever asks next
        opening.result()
