"""One installation for all hostile tests, as `collector up` makes it, behind a proxy on this machine."""

import asyncio
import base64
import json
import signal
from collections.abc import Iterator
from itertools import chain
from typing import Any

import pytest

from collector.stream import connection as broker
from collector.stream.connection import Connection
from contracts.jetstream import JetStreamError
from tests.facts import STREAM
from tests.hostile.wire import get
from tests.running import Up, forget_cluster


class Target:
    """A running installation: its ``port``, and the facts in its stream."""

    def __init__(self, running: Up) -> None:
        self.running = running
        self.port = running.port

    def facts(self, *, after: int = 0) -> list[dict[str, Any]]:
        """Return the facts behind the stream's position *after*."""
        return asyncio.run(self._facts(after))

    def position(self) -> int:
        """Return the stream's last position."""
        return asyncio.run(self._position())

    async def _position(self) -> int:
        client = await broker.connect(self.running.runtime["nats_url"], on_loss=lambda: None)
        try:
            return (await broker.ask(client, f"STREAM.INFO.{STREAM}")).state.last_seq
        except JetStreamError:  # the stream is made with its first fact
            return 0
        finally:
            await broker.disconnect(client)

    async def _facts(self, after: int) -> list[dict[str, Any]]:
        last = await self._position()
        client = await broker.connect(self.running.runtime["nats_url"], on_loss=lambda: None)
        try:
            # Few at a time: each is given up when its answer takes long.
            parts = [await _some(client, range(first, min(first + 100, last + 1))) for first in range(after + 1, last + 1, 100)]
            return list(chain.from_iterable(parts))
        finally:
            await broker.disconnect(client)


async def _some(client: Connection, sequences: range) -> list[dict[str, Any]]:
    asked = [broker.ask(client, f"STREAM.MSG.GET.{STREAM}", {"seq": seq}) for seq in sequences]
    return [json.loads(base64.b64decode(answer.message.data)) for answer in await asyncio.gather(*asked)]


@pytest.fixture(scope="session")
def target(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Target]:
    running = Up(
        tmp_path_factory.mktemp("hostile") / "data", COLLECTOR_TRUSTED_PROXIES="127.0.0.1, 10.0.0.0/8, 2001:db8:f::/48"
    )
    try:
        yield Target(running.wait_until_ready())
        answer = get(running.port, "/metrics")
        assert answer.status == 200
        counted = answer.body.decode()
        defects = [
            line for line in counted.splitlines() if line.startswith("collector_http_requests_total") and 'status="5' in line
        ]
        assert defects == [], "whatever was sent, nothing of ours broke"
    finally:
        if running.process.poll() is None:
            running.stop(signal.SIGTERM)
        forget_cluster(running.data)
