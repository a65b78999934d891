"""Connection: one client of NATS that connects within seconds or says why not, and asks JetStream's API."""

import asyncio
import contextlib
import logging
from collections.abc import Mapping
from typing import Any

import msgspec
from nats.aio.client import Client
from nats.errors import Error as NatsError

from contracts.jetstream import API, STREAM_NOT_FOUND, ApiAnswer, JetStreamError, read_answer

LOG = logging.getLogger(__name__)

CONNECT_SECONDS = 5.0
_CANCEL_SECONDS = 0.1
ANSWER_SECONDS = 5.0


class StreamUnavailable(ConnectionError):
    """NATS or JetStream is not there now, or the stream is not; the text says which and what to do."""


class NoStream(StreamUnavailable):
    """There is no such stream: nothing of its family has been stored yet, or it was lost."""

    def __init__(self) -> None:
        super().__init__("the stream does not exist; it is made with the first event that belongs into it")


class Connection:
    """One client of NATS: connects within seconds or says why not, and then reconnects for ever."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._client: Client | None = None

    @property
    def client(self) -> Client:
        """The client of NATS itself, or StreamUnavailable before the first connection."""
        if self._client is None:
            raise StreamUnavailable("not connected to NATS yet")
        return self._client

    async def open(self) -> None:
        """Be connected, or raise StreamUnavailable."""
        if self._client is not None and self._client.is_connected:
            return
        if self._client is not None and self._client.is_reconnecting:
            raise StreamUnavailable("the connection to NATS was lost; reconnecting")
        client = Client()
        # Without a limit on reconnects nats-py's first connect would never return either.
        connecting = asyncio.ensure_future(
            client.connect(
                self._url,
                name="collector project",
                max_reconnect_attempts=-1,
                reconnect_time_wait=1,
                drain_timeout=2,
                error_cb=_log_error,
            )
        )
        try:
            await asyncio.wait({connecting}, timeout=CONNECT_SECONDS)
        finally:
            await _end(connecting)
        if connecting.cancelled() or isinstance(connecting.exception(), TimeoutError | OSError | NatsError):
            await _leave(client)
            raise StreamUnavailable("NATS cannot be reached; check that it runs and that its address is right")
        connecting.result()
        self._client = client

    async def close(self) -> None:
        """Leave NATS; whoever subscribed has unsubscribed before, and we publish nothing that would have to be drained."""
        if self._client is not None:
            await _leave(self._client)

    async def ask(self, method: str, question: Mapping[str, Any] | None = None) -> ApiAnswer:
        """Return JetStream's answer to *question*, or raise NoStream, StreamUnavailable or JetStreamError."""
        body = msgspec.json.encode(question or {})
        try:
            message = await self.client.request(f"{API}.{method}", body, timeout=ANSWER_SECONDS)
        except (NatsError, TimeoutError) as error:
            raise StreamUnavailable("JetStream does not answer; check that NATS runs with JetStream enabled") from error
        try:
            return read_answer(message.data)
        except JetStreamError as error:
            if error.err_code == STREAM_NOT_FOUND:
                raise NoStream from None
            raise


async def _end(connecting: "asyncio.Future[None]") -> None:
    # Again and again: a cancellation can be lost in asyncio.wait_for, and nats-py would go on connecting for ever.
    while not connecting.done():
        connecting.cancel()
        await asyncio.wait({connecting}, timeout=_CANCEL_SECONDS)


async def _leave(client: Client) -> None:
    # Not awaited: nats-py may end cancelled though nobody cancels us, for a task that it cancels waits for the same socket.
    closing = asyncio.create_task(_close(client), name="nats-close")
    await asyncio.wait({closing})
    if not closing.cancelled():
        closing.result()


async def _close(client: Client) -> None:
    # nats-py writes what is left into a transport that may be closed already, and uvloop refuses with a RuntimeError.
    with contextlib.suppress(NatsError, OSError, RuntimeError):
        await client.close()


async def _log_error(error: Exception) -> None:
    LOG.warning("nats reports a problem", extra={"error": type(error).__name__})
