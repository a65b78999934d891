"""A stream full of facts for the projector: a day of a site with three or four facts of each visitor, in order of time."""

import asyncio
import itertools
import random
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from collector.stream.connection import connect, disconnect
from collector.stream.publisher import Publisher
from collector.stream.streams import Streams
from contracts.events import (
    Channel,
    Device,
    DeviceKind,
    EngagementMeasured,
    EventRecorded,
    Page,
    PageViewed,
    Place,
    Source,
    WebEvent,
)
from tests.bench.world import empty_stream

DAY = datetime(2026, 10, 14, tzinfo=UTC)
AT_ONCE = 4000
DEVICES = (
    Device(kind=DeviceKind.DESKTOP, browser="Firefox", browser_version="145", os="Linux"),
    Device(kind=DeviceKind.DESKTOP, browser="Chrome", browser_version="142", os="Windows"),
    Device(kind=DeviceKind.MOBILE, browser="Mobile Safari", browser_version="18", os="iOS"),
)
SOURCES = (
    Source(),
    Source(name="Google", channel=Channel.ORGANIC_SEARCH, referrer="https://www.google.com"),
    Source(name="newsletter", channel=Channel.EMAIL, utm_source="newsletter", utm_medium="email"),
)
PLACES = (Place(country="NO"), Place(country="DE"), Place(country="US"), Place())
LISTS = {"rules": "1", "agents": "202610", "robots": "1.67.0", "sources": "2026-10-01", "spam": "2026-10-01", "zones": "2026.6"}


def facts(count: int, visitors: int) -> Iterator[WebEvent]:
    """Yield *count* facts of *visitors*: pageviews, and a custom event or a report of engagement now and then."""
    chance = random.Random(4711)
    step = timedelta(days=1) / count
    for number in range(count):
        at = DAY + number * step
        # Whoever is on the site now: a window of visitors that moves through the day.
        who = (number * visitors // count + chance.randrange(visitors // 20 + 1)) % visitors
        envelope: dict[str, Any] = {
            "id": str(UUID(int=0x7000 << 64 | chance.getrandbits(60) << 4 | 0x8 << 124)),
            "tenant": "main",
            "site": "bench.example",
            "occurred_at": at,
            "received_at": at,
            "salt_day": DAY.date(),
            "visitor": f"{who * 2654435761 % 2**64:032x}",
            "page": Page(hostname="bench.example", path=f"/articles/{chance.randrange(500)}"),
            "source": SOURCES[who % 3],
            "device": DEVICES[who % 3],
            "place": PLACES[who % 4],
            "enrichers": LISTS,
        }
        kind = chance.random()
        if kind < 0.8:
            yield PageViewed(**envelope)
        elif kind < 0.9:
            yield EventRecorded(**envelope, name="Signup", props={"plan": "pro"})
        else:
            yield EngagementMeasured(**envelope, engaged_ms=chance.randrange(60_000), scroll_percent=80)


async def fill_stream(nats_url: str, count: int, visitors: int) -> None:
    """Empty the stream and store *count* facts in it, through the product's own publisher."""
    await empty_stream(nats_url)
    client = await connect(nats_url, on_loss=lambda: None)
    async with Publisher(client, Streams(client, max_bytes=8 << 30, replicas=1)) as publisher:
        everything = facts(count, visitors)
        while some := list(itertools.islice(everything, AT_ONCE)):
            await asyncio.gather(*(publisher.submit(fact) for fact in some))
    await disconnect(client)
