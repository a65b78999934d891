"""A connection to NATS is with any server of the list, and ends when it is told to, whatever nats-py makes of it."""

import asyncio
import os
import signal
from collections.abc import Callable

import pytest

from collector.local.nats import NatsServer
from collector.stream import connection as broker


async def test_a_client_whose_closing_is_cancelled_is_closed_and_nobody_else_is_cancelled(
    nats_url: str, monkeypatch: pytest.MonkeyPatch
):
    client = await broker.connect(nats_url, on_loss=lambda: None)
    close = client.close

    async def cancelled() -> None:
        await close()
        raise asyncio.CancelledError  # as when the task that reconnects is cancelled while it waits for the same socket

    monkeypatch.setattr(client, "close", cancelled)
    await broker.disconnect(client)
    assert client.is_closed


async def test_a_connection_is_with_any_server_of_the_list_under_its_own_token(nats_server: Callable[[], NatsServer]):
    first, second = nats_server(), nats_server()
    lost = asyncio.Event()
    client = await broker.connect(f"nats://127.0.0.1:1,{first.url},{second.url}", on_loss=lost.set)
    assert client.is_connected
    at = next(server for server in (first, second) if server.url.endswith(f":{client.connected_url.port}"))
    os.kill(at.pid, signal.SIGKILL)
    async with asyncio.timeout(20):
        await lost.wait()
        while not client.is_connected:
            await asyncio.sleep(0.02)
    assert client.connected_url.port != int(at.url.rpartition(":")[2])
    await broker.disconnect(client)


async def test_a_token_may_be_percent_encoded(session_nats: NatsServer):
    token, _, place = session_nats.url.removeprefix("nats://").partition("@")
    client = await broker.connect(f"nats://{''.join(f'%{ord(sign):02x}' for sign in token)}@{place}", on_loss=lambda: None)
    assert client.is_connected
    await broker.disconnect(client)
