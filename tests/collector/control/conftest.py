"""One installation of the control plane on the shared nats-server, with nothing in it yet but its master key."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from nats.aio.client import Client

from collector.stream import connection as broker
from tests.collector.control.world import World


@pytest.fixture
async def client(stream_free_nats: str) -> AsyncIterator[Client]:
    client = await broker.connect(stream_free_nats, on_loss=lambda: None)
    yield client
    await broker.disconnect(client)


@pytest.fixture
async def world(client: Client, tmp_path: Path) -> World:
    return await World(client, tmp_path / "master.key").begin()
