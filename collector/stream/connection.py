"""The connection to NATS: connect and stay connected, ask JetStream's API, and keep the stream as the invariants need it."""

import asyncio
import contextlib
import logging
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple, TypeAlias

import msgspec
import nats.errors
from nats.aio.client import Client

from contracts.jetstream import API, NO_ROOM_ON_SERVER, STREAM_NOT_FOUND, ApiAnswer, JetStreamError, read_answer
from contracts.servers import Servers, read_servers
from contracts.streams import ADJUSTABLE, EventStream, changed_share, drift, stream_settings

log = logging.getLogger(__name__)

REQUEST_SECONDS = 1.0
RECONNECT_SECONDS = 0.2
# How long one address may swallow an attempt before the next is tried.
CONNECT_SECONDS = 2
_CANCEL_SECONDS = 0.1

Listener = Callable[[], None]
Connection: TypeAlias = Client
# What a question to NATS ends with when there is no answer to it.
UNREACHABLE = (nats.errors.Error, TimeoutError, OSError)


class StreamDrifted(Exception):
    """A stream no longer has the settings that the promises rest on: *stream*, or all of them where none is named."""

    def __init__(self, text: str, *, stream: EventStream | None = None) -> None:
        super().__init__(text)
        self.stream = stream


async def ask(client: Client, subject: str, request: Mapping[str, Any] | None = None) -> ApiAnswer:
    """Ask JetStream's API, such as ``STREAM.INFO.EVENTS``."""
    body = b"" if request is None else msgspec.json.encode(request)
    message = await client.request(f"{API}.{subject}", body, timeout=REQUEST_SECONDS)
    return read_answer(message.data)


async def connect(url: str, *, on_loss: Listener) -> Client:
    """Return a client that goes on connecting for ever, to any of the servers in *url*; it need not be connected yet.

    ``on_loss`` is called whenever the connection breaks. nats-py waits for the first connection when it may retry for ever, so
    that waiting is a task of the client's own, and whoever publishes asks ``is_connected`` first.
    """
    client = Client()
    servers = read_servers(url)

    async def lost() -> None:
        log.warning("nats disconnected")
        _prefer(client, servers)
        on_loss()

    async def back() -> None:
        log.info("nats reconnected")

    async def failed(error: Exception) -> None:
        log.debug("nats error", extra={"error": type(error).__name__})

    first = asyncio.create_task(
        client.connect(
            **servers.options,
            name="collector",
            allow_reconnect=True,
            max_reconnect_attempts=-1,
            reconnect_time_wait=RECONNECT_SECONDS,  # type: ignore[arg-type]  # declared int, slept as a float
            connect_timeout=CONNECT_SECONDS,
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
    await asyncio.wait({first}, timeout=REQUEST_SECONDS + CONNECT_SECONDS * (len(servers.addresses) - 1))
    return client


def _prefer(client: Client, servers: Servers) -> None:
    if servers.are_several and not client.is_closed:
        client.set_server_pool(servers.in_order(known.geturl() for known in client.servers))


async def disconnect(client: Client) -> None:
    """Close *client*, whatever state it is in."""
    first: asyncio.Task[None] = client.first_connection  # type: ignore[attr-defined]  # set in connect() above
    # Again and again: a cancellation can be lost in asyncio.wait_for, and nats-py would go on connecting for ever.
    while not first.done():
        first.cancel()
        await asyncio.wait({first}, timeout=_CANCEL_SECONDS)
    if not first.cancelled():
        first.exception()  # looked at, so that nobody misses it
    # Not awaited: nats-py may end cancelled though nobody cancels us, for a task that it cancels waits for the same socket.
    closing = asyncio.create_task(_close(client), name="nats-close")
    await asyncio.wait({closing})
    if not closing.cancelled():
        closing.result()
    await asyncio.sleep(0)  # nats-py cancels its tasks without waiting for them: let them end before the loop may


async def _close(client: Client) -> None:
    # nats-py writes what is left into a transport that may be closed already, and uvloop refuses with a RuntimeError.
    with contextlib.suppress(nats.errors.Error, OSError, RuntimeError):
        await client.close()


class Kept(NamedTuple):
    """A stream as it is now: the bytes that it has room for, and how many servers keep it."""

    room: int
    replicas: int


async def ensure_stream(client: Connection, stream: EventStream, *, max_bytes: int, replicas: int) -> Kept:
    """Create *stream*, or change the limits of the one there is, and say how it is; or raise StreamDrifted."""
    kept = await keep_stream(client, stream, max_bytes=max_bytes, replicas=replicas, told=set())
    if kept is not None:
        return kept
    await ask(client, f"STREAM.CREATE.{stream.name}", stream_settings(stream, max_bytes=max_bytes, replicas=replicas))
    log.info("stream created", extra={"stream": stream.name})
    return Kept(room=max_bytes, replicas=replicas)


async def keep_stream(
    client: Connection, stream: EventStream, *, max_bytes: int, replicas: int, told: set[EventStream]
) -> Kept | None:
    """Bring the limits of *stream* up to date and say how it is, None when there is none; or raise StreamDrifted.

    *told* are the streams whose limit was said not to fit already: it is said once.
    """
    wanted = stream_settings(stream, max_bytes=max_bytes, replicas=replicas)
    try:
        answer = await ask(client, f"STREAM.INFO.{stream.name}")
    except JetStreamError as error:
        if error.err_code != STREAM_NOT_FOUND:
            raise
        return None
    actual = answer.config
    if problems := drift(wanted, actual):
        raise StreamDrifted(
            f"the stream {stream.name} is not as Collector made it: {'; '.join(problems)}. "
            "Set it back with `nats stream edit`, which keeps its events. If NATS refuses that, keep it, and give Collector "
            "a NATS and a database, or a data directory, of their own: a new stream under the old numbers is refused.",
            stream=stream,
        )
    wanted["max_bytes"] = changed_share(max_bytes, now=int(actual.get("max_bytes", 0)), held=answer.state.bytes)
    if any(actual.get(name) != wanted[name] for name in ADJUSTABLE):
        actual = await _changed(client, stream, actual | {name: wanted[name] for name in ADJUSTABLE}, told)
    room = int(actual.get("max_bytes", 0)) - answer.state.bytes
    return Kept(room=room, replicas=int(actual.get("num_replicas", 1)))


async def _changed(client: Connection, stream: EventStream, settings: dict[str, Any], told: set[EventStream]) -> dict[str, Any]:
    try:
        return (await ask(client, f"STREAM.UPDATE.{stream.name}", settings)).config
    except JetStreamError as error:
        if error.err_code != NO_ROOM_ON_SERVER:
            raise
    # What there is goes on as it was: no promise rests on a limit.
    if stream not in told:
        log.error(
            "the stream %s keeps its limit: JetStream has no room for COLLECTOR_STREAM_MAX_BYTES; lower it, or raise "
            "JetStream's max_file_store",
            stream.name,
        )
        told.add(stream)
    return (await ask(client, f"STREAM.INFO.{stream.name}")).config
