"""What tests of the ingest half share: the real app on a real nats-server, asked in-process, and the facts that it stored."""

import base64
import contextlib
import functools
from collections.abc import AsyncIterator, Mapping
from datetime import UTC, datetime
from typing import Any

import httpx
import msgspec
from nats.aio.client import Client

from collector.ingest import Ingest, open_ingest
from collector.settings import read_settings
from collector.stream import connection as broker
from contracts.codec import CODEC, type_of
from contracts.events import Fact
from contracts.jetstream import STREAM_NOT_FOUND, JetStreamError
from tests.facts import STREAM

FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:145.0) Gecko/20100101 Firefox/145.0"
ADDRESS = "203.0.113.77"
ROOM = str(1 << 28)
# One address sends all that a test sends, and most of it for one site.
UNLIMITED = {"COLLECTOR_LIMIT_ADDRESS": "0", "COLLECTOR_LIMIT_SITE": "0"}


class Running:
    """A running ingest half: ``ask`` it over HTTP, and look at what is ``stored``."""

    def __init__(self, ingest: Ingest, http: httpx.AsyncClient, client: Client) -> None:
        self.ingest = ingest
        self.http = http
        self.client = client

    async def count(self, stream: str = STREAM) -> int:
        """Return how many facts the stream holds."""
        try:
            return int((await broker.ask(self.client, f"STREAM.INFO.{stream}")).state.messages)
        except JetStreamError as error:
            if error.err_code == STREAM_NOT_FOUND:  # it is made with the first fact
                return 0
            raise

    async def stored(self, stream: str = STREAM) -> tuple[Fact, bytes]:
        """Return the newest fact, and its bytes."""
        last = (await broker.ask(self.client, f"STREAM.INFO.{stream}")).state.last_seq
        message = (await broker.ask(self.client, f"STREAM.MSG.GET.{stream}", {"seq": last})).message
        data = base64.b64decode(message.data)
        return CODEC.decode(data), data


@contextlib.asynccontextmanager
async def running(nats_url: str, environment: Mapping[str, str] | None = None) -> AsyncIterator[Running]:
    """Open the ingest half on *nats_url* with the settings in *environment*."""
    settings = read_settings({"COLLECTOR_STREAM_MAX_BYTES": ROOM} | UNLIMITED | dict(environment or {}))
    async with open_ingest(settings, nats_url, lambda: datetime.now(UTC)) as ingest:
        transport = httpx.ASGITransport(app=ingest.app, client=(ADDRESS, 4711), raise_app_exceptions=False)
        async with httpx.AsyncClient(transport=transport, base_url="http://collector", headers={"User-Agent": FIREFOX}) as http:
            client = await broker.connect(nats_url, on_loss=lambda: None)
            yield Running(ingest, http, client)
            await broker.disconnect(client)


def dotted(event: Fact, path: str) -> Any:
    """Return the value at *path*, such as ``page.path``, as plain values."""
    if path == "type":
        return type_of(event)
    return msgspec.json.decode(msgspec.json.encode(functools.reduce(getattr, path.split("."), event)))
