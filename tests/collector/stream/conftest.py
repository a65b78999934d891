"""A connection to a nats-server that has the stream of the web, and no other."""

from collections.abc import AsyncIterator

import pytest
from nats.aio.client import Client

from collector.stream import connection as broker
from tests.collector.stream.room import ROOM
from tests.facts import WEB


@pytest.fixture
async def client(stream_free_nats: str) -> AsyncIterator[Client]:
    client = await broker.connect(stream_free_nats, on_loss=lambda: None)
    await broker.ensure_stream(client, WEB, max_bytes=ROOM, replicas=1)
    yield client
    await broker.disconnect(client)
