"""The connection to NATS: connect and stay connected, ask JetStream's API, and keep the stream as the invariants need it."""

import asyncio
import contextlib
import logging
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

import msgspec
import nats.errors
from msgspec import Struct
from nats.aio.client import Client

from contracts import streams as subjects

log = logging.getLogger(__name__)

API = "$JS.API"
REQUEST_SECONDS = 1.0
RECONNECT_SECONDS = 0.2
STREAM_NOT_FOUND = 10059

Listener = Callable[[], None]


class JetStreamError(Exception):
    """JetStream refused; ``code`` is its HTTP-like status and ``err_code`` its own number (nats-server's errors.json)."""

    def __init__(self, code: int, err_code: int) -> None:
        super().__init__(f"JetStream refused with error {err_code}")
        self.code = code
        self.err_code = err_code


class StreamDrifted(Exception):
    """The stream no longer has the settings that the promises rest on."""


class Refusal(Struct):
    """The ``error`` part of any JetStream answer."""

    code: int = 0
    err_code: int = 0


class Answer(Struct):
    """What we read from a JetStream answer; each request fills in only some of it."""

    error: Refusal | None = None
    ts: datetime | None = None
    created: datetime | None = None
    config: dict[str, Any] = {}
    state: dict[str, Any] = {}
    message: dict[str, Any] = {}
    seq: int = 0
    duplicate: bool = False


_answers = msgspec.json.Decoder(Answer)


def read_answer(payload: bytes) -> Answer:
    """Return JetStream's answer, or raise JetStreamError when it refuses."""
    try:
        answer = _answers.decode(payload)
    except msgspec.MsgspecError:
        raise JetStreamError(500, 0) from None
    if answer.error is not None:
        raise JetStreamError(answer.error.code, answer.error.err_code)
    return answer


async def ask(client: Client, subject: str, request: Mapping[str, Any] | None = None) -> Answer:
    """Ask JetStream's API, such as ``STREAM.INFO.EVENTS``."""
    body = b"" if request is None else msgspec.json.encode(request)
    message = await client.request(f"{API}.{subject}", body, timeout=REQUEST_SECONDS)
    return read_answer(message.data)


async def connect(url: str, *, on_loss: Listener) -> Client:
    """Return a client that goes on connecting for ever; it need not be connected yet.

    ``on_loss`` is called whenever the connection breaks. nats-py waits for the first connection when it may retry for ever, so
    that waiting is a task of the client's own, and whoever publishes asks ``is_connected`` first.
    """
    client = Client()

    async def lost() -> None:
        log.warning("nats disconnected")
        on_loss()

    async def back() -> None:
        log.info("nats reconnected")

    async def failed(error: Exception) -> None:
        log.debug("nats error", extra={"error": type(error).__name__})

    first = asyncio.create_task(
        client.connect(
            url,
            name="collector",
            allow_reconnect=True,
            max_reconnect_attempts=-1,
            reconnect_time_wait=RECONNECT_SECONDS,  # type: ignore[arg-type]  # declared int, slept as a float
            connect_timeout=2,
            ping_interval=5,
            max_outstanding_pings=2,
            drain_timeout=5,
            disconnected_cb=lost,
            reconnected_cb=back,
            error_cb=failed,
        ),
        name="nats-connect",
    )
    client.first_connection = first  # type: ignore[attr-defined]  # owned by the client: disconnect() below awaits it
    await asyncio.wait({first}, timeout=REQUEST_SECONDS)
    return client


async def disconnect(client: Client) -> None:
    """Close *client*, whatever state it is in."""
    first: asyncio.Task[None] = client.first_connection  # type: ignore[attr-defined]  # set in connect() above
    first.cancel()
    with contextlib.suppress(asyncio.CancelledError, nats.errors.Error, OSError):
        await first
    # nats-py writes what is left into a transport that may be closed already, and uvloop refuses with a RuntimeError.
    with contextlib.suppress(nats.errors.Error, OSError, RuntimeError):
        await client.close()


async def ensure_stream(client: Client, *, max_bytes: int, replicas: int) -> None:
    """Create the stream, or raise the limits of the one there is, or raise StreamDrifted."""
    wanted = subjects.stream_settings(max_bytes=max_bytes, replicas=replicas)
    try:
        actual = (await ask(client, f"STREAM.INFO.{subjects.STREAM}")).config
    except JetStreamError as error:
        if error.err_code != STREAM_NOT_FOUND:
            raise
        await ask(client, f"STREAM.CREATE.{subjects.STREAM}", wanted)
        log.info("stream created", extra={"stream": subjects.STREAM})
        return
    if problems := subjects.drift(wanted, actual):
        raise StreamDrifted(
            f"the stream {subjects.STREAM} is not as Collector made it: {'; '.join(problems)}. "
            "Set it back with `nats stream edit`, or move the stream away and start with a new one."
        )
    if any(actual.get(name) != wanted[name] for name in subjects.ADJUSTABLE):
        await ask(client, f"STREAM.UPDATE.{subjects.STREAM}", actual | {name: wanted[name] for name in subjects.ADJUSTABLE})
