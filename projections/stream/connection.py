"""Connection: one client of NATS that connects within seconds or says why not, and asks JetStream's API."""

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator, Mapping
from typing import Any

import msgspec
from nats.aio.client import Client
from nats.aio.msg import Msg
from nats.errors import Error as NatsError
from nats.errors import NoRespondersError

from contracts.jetstream import API, STREAM_IS_OFFLINE, STREAM_NOT_FOUND, ApiAnswer, JetStreamError, read_answer
from contracts.servers import read_servers

LOG = logging.getLogger(__name__)

CONNECT_SECONDS = 5.0
# A node that hangs, or lost its power, says nothing: after three of these we leave it for another.
PING_SECONDS = 5
_CANCEL_SECONDS = 0.1
ANSWER_SECONDS = 5.0
# Between two questions that nobody was there to answer: at once, one in a hundred of the second ones failed as well.
_PAUSE_SECONDS = 0.1
_PLEASE_WAIT = 503
_RECONNECTING = "the connection to NATS was lost; reconnecting"
_NO_ANSWER = "JetStream does not answer; check that NATS runs with JetStream enabled"


class StreamUnavailable(ConnectionError):
    """NATS or JetStream is not there now, or the stream is not; the text says which and what to do."""


class WaitingIsNoUse(StreamUnavailable):
    """What is in the way stays there until somebody does what the text says."""


class NoStream(StreamUnavailable):
    """There is no such stream: nothing of its family has been stored yet, or it was lost."""

    def __init__(self) -> None:
        super().__init__("the stream does not exist; it is made with the first event that belongs into it")


class Connection:
    """One client of NATS: connects within seconds or says why not, and then reconnects for ever."""

    def __init__(self, url: str) -> None:
        self._servers = read_servers(url)
        self._client: Client | None = None
        self._lost = asyncio.Event()
        self._listening: set[asyncio.Event] = set()

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
        if self._client is not None and not self._client.is_closed:
            raise StreamUnavailable(_RECONNECTING)
        client = Client()

        async def lost() -> None:
            if self._servers.are_several and not client.is_closed:
                client.set_server_pool(self._servers.in_order(known.geturl() for known in client.servers))
            for waiting in (self._lost, *self._listening):
                waiting.set()

        # Without a limit on reconnects nats-py's first connect would never return either.
        connecting = asyncio.ensure_future(
            client.connect(
                **self._servers.options,
                name="collector project",
                max_reconnect_attempts=-1,
                reconnect_time_wait=1,
                ping_interval=PING_SECONDS,
                max_outstanding_pings=2,
                drain_timeout=2,
                disconnected_cb=lost,
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

    @contextlib.asynccontextmanager
    async def listening(self, subject: str) -> AsyncIterator[asyncio.Event]:
        """Yield what is set as soon as anything is said under *subject*, or the connection is lost."""
        heard = asyncio.Event()

        async def hear(_: Msg) -> None:
            heard.set()

        subscription = await self.client.subscribe(subject, cb=hear)
        self._listening.add(heard)
        try:
            yield heard
        finally:
            self._listening.remove(heard)
            with contextlib.suppress(NatsError):
                await subscription.unsubscribe()

    async def ask(self, method: str, question: Mapping[str, Any] | None = None, *, patience: float | None = None) -> ApiAnswer:
        """Return JetStream's answer to *question* within *patience*, or raise NoStream, StreamUnavailable or JetStreamError.

        Asked again while nobody is there to answer, JetStream says to wait or, with a longer *patience*, nothing: a cluster
        that is choosing a leader does any of these. So whatever may be asked with one must be the same when it is asked twice.
        """
        subject, body = f"{API}.{method}", msgspec.json.encode(question or {})
        loop = asyncio.get_running_loop()
        deadline = loop.time() + (ANSWER_SECONDS if patience is None else patience)
        while True:
            try:
                message = await self._request(subject, body, min(ANSWER_SECONDS, deadline - loop.time()))
                return read_answer(message.data)
            except (NoRespondersError, TimeoutError) as silence:
                reason: Exception = silence
            except NatsError as error:
                raise StreamUnavailable(_NO_ANSWER) from error
            except JetStreamError as error:
                if error.err_code == STREAM_NOT_FOUND:
                    raise NoStream from None
                if error.code != _PLEASE_WAIT and error.err_code != STREAM_IS_OFFLINE:
                    raise
                reason = error
            if loop.time() + _PAUSE_SECONDS >= deadline:
                raise StreamUnavailable(_NO_ANSWER) from reason
            await asyncio.sleep(_PAUSE_SECONDS)

    async def _request(self, subject: str, body: bytes, patience: float) -> Msg:
        client = self.client
        self._lost.clear()
        if not client.is_connected:
            raise StreamUnavailable(_RECONNECTING)
        asked = asyncio.ensure_future(client.request(subject, body, timeout=patience))
        lost = asyncio.ensure_future(self._lost.wait())
        try:
            # The answer would not find us on another connection.
            await asyncio.wait({asked, lost}, return_when=asyncio.FIRST_COMPLETED)
            if not asked.done():
                raise StreamUnavailable(_RECONNECTING)
            return await asked
        finally:
            asked.cancel()
            lost.cancel()


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
