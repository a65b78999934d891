"""A NATS connection that outlives outages, and typed questions to JetStream over it."""

import asyncio
import contextlib
import logging
from datetime import datetime
from typing import Any, TypeVar

import msgspec
from msgspec import Struct
from nats.aio.client import Client
from nats.aio.msg import Msg
from nats.errors import Error as NatsError

LOG = logging.getLogger(__name__)

CONNECT_SECONDS = 5.0
ANSWER_SECONDS = 5.0
STREAM_NOT_FOUND = 10059
MESSAGE_NOT_FOUND = 10037
CONSUMER_NOT_FOUND = 10014

Answer = TypeVar("Answer", bound=Struct)


class StreamUnavailable(ConnectionError):
    """NATS, JetStream or the stream is not there now; the text says which and what to do."""


class ApiError(Exception):
    """JetStream refused a question; its texts name streams and consumers only, never a message."""

    def __init__(self, code: int, description: str) -> None:
        super().__init__(f"JetStream answered {code}: {description}")
        self.code = code


class StreamState(Struct):
    """What a stream holds."""

    messages: int
    first_seq: int
    last_seq: int


class StreamInfo(Struct):
    """The answer of STREAM.INFO."""

    created: datetime
    state: StreamState


class StoredMessage(Struct):
    """A message as STREAM.MSG.GET shows it; ``hdrs`` is base64."""

    hdrs: str = ""


class MessageFound(Struct):
    """The answer of STREAM.MSG.GET."""

    message: StoredMessage


class ConsumerInfo(Struct):
    """The answer of CONSUMER.CREATE and CONSUMER.INFO."""

    name: str
    num_pending: int


class Done(Struct):
    """The answer of CONSUMER.DELETE."""

    success: bool


class _Refusal(Struct):
    err_code: int = 0
    description: str = ""


class _Answered(Struct):
    error: _Refusal | None = None


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
        try:
            # Without a limit on reconnects nats-py's first connect would never return either.
            async with asyncio.timeout(CONNECT_SECONDS):
                await client.connect(
                    self._url,
                    name="collector project",
                    max_reconnect_attempts=-1,
                    reconnect_time_wait=1,
                    drain_timeout=2,
                    error_cb=_log_error,
                )
        except (TimeoutError, OSError, NatsError) as error:
            await _leave(client)
            raise StreamUnavailable("NATS cannot be reached; check that it runs and that its address is right") from error
        self._client = client

    async def close(self) -> None:
        """Leave NATS; whoever subscribed has unsubscribed before, and we publish nothing that would have to be drained."""
        if self._client is not None:
            await _leave(self._client)

    async def ask(self, method: str, question: dict[str, Any], answer: type[Answer]) -> Answer:
        """Return JetStream's *answer* to *question*, or raise ApiError or StreamUnavailable."""
        message = await self.request(f"$JS.API.{method}", question)
        refusal = msgspec.json.decode(message.data, type=_Answered).error
        if refusal is None:
            return msgspec.json.decode(message.data, type=answer)
        if refusal.err_code == STREAM_NOT_FOUND:
            raise StreamUnavailable("the stream does not exist yet; `collector serve` creates it when it starts")
        raise ApiError(refusal.err_code, refusal.description)

    async def request(self, subject: str, question: dict[str, Any]) -> Msg:
        """Return the first message that answers *question*."""
        # Old style, an inbox per request: a delivered message comes under its own subject, which the shared inbox cannot match.
        try:
            return await self.client.request(subject, msgspec.json.encode(question), timeout=ANSWER_SECONDS, old_style=True)
        except (NatsError, TimeoutError) as error:
            raise StreamUnavailable("JetStream does not answer; check that NATS runs with JetStream enabled") from error


async def _leave(client: Client) -> None:
    # nats-py writes what is left into a transport that may be closed already, and uvloop refuses with a RuntimeError.
    with contextlib.suppress(NatsError, OSError, RuntimeError):
        await client.close()


async def _log_error(error: Exception) -> None:
    LOG.warning("nats reports a problem", extra={"error": type(error).__name__})
