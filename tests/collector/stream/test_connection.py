"""A connection to NATS ends when it is told to, whatever nats-py makes of it."""

import asyncio

import pytest

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
