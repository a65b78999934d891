"""Salted: a NATS whose bucket has the day's salt already, as after another ingest role, so that nobody has to wait for it."""

from datetime import UTC, datetime, timedelta

from collector.salts.agreed import AgreedSalts
from collector.salts.precedence import NOBODY_ELSE
from collector.stream import connection as broker


async def salted(nats_url: str, at: datetime | None = None) -> str:
    """Have the salt of *at*, or of now, put into the bucket, and return *nats_url*."""
    client = await broker.connect(nats_url, on_loss=lambda: None)
    try:
        when = at or datetime.now(UTC)
        await AgreedSalts(client, lambda: when, precedence=NOBODY_ELSE, tolerated_skew=timedelta.max).of(when)
    finally:
        await broker.disconnect(client)
    return nats_url
