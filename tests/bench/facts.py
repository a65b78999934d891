"""A stream full of facts for the projector: a day of a site with three or four facts of each visitor, in order of time."""

import asyncio
import contextlib
import itertools
import random
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from collector.outcomes import Unavailable
from collector.stream.connection import connect, disconnect
from collector.stream.publisher import Publisher
from collector.stream.streams import Streams
from contracts.events import (
    Channel,
    Device,
    DeviceKind,
    Page,
    Place,
    Source,
    WebEvent,
)
from tests.bench.world import empty_stream
from tests.facts import engagement, event, pageview

DAY = datetime(2026, 10, 14, tzinfo=UTC)
AT_ONCE = 4000
TRIES = 5
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
LISTS = "0a1b2c"
SITE = "bench.example"


def facts(count: int, visitors: int) -> Iterator[WebEvent]:
    """Yield *count* facts of *visitors*: pageviews, and a custom event or a report of engagement now and then."""
    chance = random.Random(4711)
    step = timedelta(days=1) / count
    for number in range(count):
        at = DAY + number * step
        # Whoever is on the site now: a window of visitors that moves through the day.
        who = (number * visitors // count + chance.randrange(visitors // 20 + 1)) % visitors
        fields: dict[str, Any] = {
            "id": str(UUID(int=0x7000 << 64 | chance.getrandbits(60) << 4 | 0x8 << 124)),
            "site": SITE,
            "received_at": at,
            "visitor": f"{who * 2654435761 % 2**64:032x}",
            "page": Page(hostname=SITE, path=f"/articles/{chance.randrange(500)}"),
            "source": SOURCES[who % 3],
            "device": DEVICES[who % 3],
            "place": PLACES[who % 4],
            "lists": LISTS,
        }
        kind = chance.random()
        if kind < 0.8:
            yield pageview(at=at, **fields)
        elif kind < 0.9:
            yield event("Signup", at=at, props={"plan": "pro"}, **fields)
        else:
            yield engagement(chance.randrange(60_000), at=at, scroll_percent=80, **fields)


async def fill_stream(nats_url: str, count: int, visitors: int) -> None:
    """Empty the stream and store *count* facts in it, through the product's own publisher."""
    await empty_stream(nats_url)
    client = await connect(nats_url, on_loss=lambda: None)
    async with Publisher(client, Streams(client, max_bytes=8 << 30, replicas=1)) as publisher:
        everything = facts(count, visitors)
        while some := list(itertools.islice(everything, AT_ONCE)):
            await asyncio.gather(*(_store(publisher, fact) for fact in some))
    await disconnect(client)


async def _store(publisher: Publisher, fact: WebEvent) -> None:
    # On a machine that is busy with other things; the id is the same, so it is stored once.
    for _ in range(TRIES - 1):
        with contextlib.suppress(Unavailable):
            await publisher.submit(fact)
            return
    await publisher.submit(fact)
