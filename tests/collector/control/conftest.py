"""Control planes on streams of their own in the shared nats-server, and whole installations with nothing but a master key."""

import secrets
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path

import pytest
from nats.aio.client import Client

from collector.control.line import Line
from collector.control.plane import ControlPlane
from collector.stream import connection as broker
from collector.stream.connection import ask
from contracts.control.stream import ControlStream
from contracts.jetstream import STREAM_NOT_FOUND, JetStreamError
from tests.collector.control.world import World
from tests.collector.control.worlds import Clock


@pytest.fixture
def control_stream(nats_url: str) -> Iterator[ControlStream]:
    """A stream that nobody else uses."""
    root = f"control-{secrets.token_hex(4)}"
    stream = ControlStream(name=root.upper(), root=root)
    yield stream
    with Line(nats_url) as line:
        for name in (stream.name, f"{stream.name}_SNAPSHOTS"):
            line.ask(lambda client, name=name: forget(client, name))


async def forget(client, name: str) -> None:
    try:
        await ask(client, f"STREAM.DELETE.{name}")
    except JetStreamError as error:
        if error.err_code != STREAM_NOT_FOUND:
            raise


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def new_plane(nats_url: str, control_stream: ControlStream, clock: Clock) -> Iterator[Callable[[], ControlPlane]]:
    """Open planes on one stream, as several processes do."""
    opened: list[ControlPlane] = []

    def new() -> ControlPlane:
        opened.append(ControlPlane(Line(nats_url), clock=clock, stream=control_stream))
        return opened[-1]

    yield new
    for plane in opened:
        plane.close()


@pytest.fixture
def plane(new_plane: Callable[[], ControlPlane]) -> ControlPlane:
    return new_plane()


@pytest.fixture
def acme(plane: ControlPlane) -> ControlPlane:
    """A plane with a tenant that has one site."""
    plane.tenants.add("acme", label="Acme", by="here")
    plane.sites.add("acme", "shop.example", by="here")
    return plane


@pytest.fixture
async def client(stream_free_nats: str) -> AsyncIterator[Client]:
    client = await broker.connect(stream_free_nats, on_loss=lambda: None)
    yield client
    await broker.disconnect(client)


@pytest.fixture
async def world(nats_url: str, client: Client, tmp_path: Path) -> AsyncIterator[World]:
    world = await World(nats_url, client, tmp_path / "master.key").begin()
    yield world
    await world.close()
