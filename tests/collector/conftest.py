"""An ingest half of one's own, for the tests of what it promises."""

from collections.abc import AsyncIterator

import pytest

from tests.collector.ingest import Running, running


@pytest.fixture
async def collector(stream_free_nats: str) -> AsyncIterator[Running]:
    """A running ingest half on a NATS without streams."""
    async with running(stream_free_nats) as collector:
        yield collector
