"""Wire: a line to a server that is slow, or that is cut at the moment of a COMMIT."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from enum import StrEnum
from urllib.parse import urlsplit

COMMIT = b"COMMIT;\0"
CHUNK = 1 << 16


class Cut(StrEnum):
    """Which half of the conversation about a COMMIT is lost."""

    QUESTION = "before Postgres hears of it"
    ANSWER = "after Postgres has done it"


class Wire:
    """Passes everything on, answers after a *delay*; ``cut`` says what to lose, once, at the next COMMIT."""

    def __init__(self, url: str, *, delay: float = 0.0) -> None:
        parts = urlsplit(url)
        self._host, self._port = parts.hostname or "", parts.port or 0
        self._url = url
        self._delay = delay
        self._listening: asyncio.Server | None = None
        self._lines: list[asyncio.Task[None] | None] = []
        self.cut: Cut | None = None

    @property
    def url(self) -> str:
        """The address of the server through this wire."""
        assert self._listening is not None
        before, _, behind = self._url.rpartition(f":{self._port}")
        return f"{before}:{self._listening.sockets[0].getsockname()[1]}{behind}"

    @contextlib.asynccontextmanager
    async def stretched(self) -> AsyncIterator["Wire"]:
        self._listening = await asyncio.start_server(self._connect, "127.0.0.1", 0)
        async with self._listening:
            yield self
        await asyncio.gather(*filter(None, self._lines), return_exceptions=True)

    async def _connect(self, from_client: asyncio.StreamReader, to_client: asyncio.StreamWriter) -> None:
        self._lines.append(asyncio.current_task())
        from_server, to_server = await asyncio.open_connection(self._host, self._port)
        lost = asyncio.Event()
        ways = {
            asyncio.create_task(self._ask(from_client, to_server, lost)),
            asyncio.create_task(self._answer(from_server, to_client, lost)),
        }
        # When one side goes, or the wire is cut, neither hears of the other any more.
        await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
        for way in ways:
            way.cancel()
        await asyncio.gather(*ways, return_exceptions=True)
        for writer in (to_client, to_server):
            writer.close()
            with contextlib.suppress(ConnectionError):
                await writer.wait_closed()

    async def _ask(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, lost: asyncio.Event) -> None:
        while chunk := await reader.read(CHUNK):
            if self.cut is not None and COMMIT in chunk:
                cut, self.cut = self.cut, None
                if cut is Cut.QUESTION:
                    return
                lost.set()
            writer.write(chunk)
            await writer.drain()

    async def _answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, lost: asyncio.Event) -> None:
        while chunk := await reader.read(CHUNK):
            if lost.is_set():
                return
            if self._delay:
                asyncio.get_running_loop().call_later(self._delay, writer.write, chunk)
                continue
            writer.write(chunk)
            await writer.drain()
