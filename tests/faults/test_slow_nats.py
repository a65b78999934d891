"""A NATS that is slow to answer is no reason not to start."""

from collector.ingest import FIRST_LOOK_SECONDS
from tests.collector.ingest import running
from tests.faults.waiting import until
from tests.faults.wire import Wire

# A first look asks ten questions.
DELAY = FIRST_LOOK_SECONDS / 8


async def test_an_ingest_role_opens_beside_a_slow_nats_and_becomes_ready(stream_free_nats: str):
    async with Wire(stream_free_nats, delay=DELAY).stretched() as wire, running(wire.url) as slow:
        assert any(slow.ingest.checks().values()), "it was not ready within the time of its first look"
        await until(lambda: not any(slow.ingest.checks().values()), "it is ready")
