"""How bilan's commands read the events of the tenant: from the NATS of the settings, or one started for the time."""

import contextlib
from collections.abc import AsyncIterator

from collector.failure import Failure
from collector.local.endpoints import endpoints
from collector.settings import Settings
from collector.stream import connection as broker
from collector.stream.connection import Connection


@contextlib.asynccontextmanager
async def connected(settings: Settings) -> AsyncIterator[Connection]:
    """Lend a connection to the events' NATS."""
    async with endpoints(settings) as (nats_url, _, _):
        client = await broker.connect(nats_url, on_loss=lambda: None)
        try:
            if not client.is_connected:
                raise Failure("NATS cannot be reached. Is it running, and is COLLECTOR_NATS_URL right? Try: collector doctor")
            yield client
        finally:
            await broker.disconnect(client)
