"""Facts for the tests: every field has a value, every fact an id of its own, and a test names only what it is about."""

import itertools
import random
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID

from contracts.events import (
    BotRule,
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
from contracts.streams import EventStream

WEB = EventStream(family="web")
STREAM = WEB.name

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)
ANNA = "a1" * 16
BERT = "b2" * 16

_ids = itertools.count(1)


def pageview(path: str = "/", *, at: datetime = NOON, **fields: Any) -> PageViewed:
    """Return a pageview of *path*."""
    fields = {"page": Page(hostname="example.org", path=path), **fields}
    return PageViewed(**_envelope(at, fields))


def event(name: str = "signup", *, at: datetime = NOON, **fields: Any) -> EventRecorded:
    """Return a custom event."""
    fields = {"page": Page(hostname="example.org", path="/"), **fields}
    return EventRecorded(name=name, **_envelope(at, fields))


def engagement(engaged_ms: int = 1000, *, at: datetime = NOON, **fields: Any) -> EngagementMeasured:
    """Return a report of engagement."""
    fields = {"page": Page(hostname="example.org", path="/"), **fields}
    return EngagementMeasured(engaged_ms=engaged_ms, **_envelope(at, fields))


def traffic(count: int, *, seed: int, visitors: int = 20, days: int = 2) -> Iterator[WebEvent]:
    """Yield *count* facts of people and robots who come, go and come back, some late, some at the turn of a month."""
    chance = random.Random(seed)
    start = datetime(2026, 10, 31, tzinfo=UTC)
    for _ in range(count):
        at = start + timedelta(seconds=chance.randrange(days * 86_400), milliseconds=chance.randrange(1000))
        who = chance.randrange(visitors)
        fields: dict[str, Any] = {
            "id": str(UUID(int=chance.getrandbits(128))),
            "site": f"site-{who % 3}.example",
            "visitor": f"{who:02x}" * 16,
            "salt_day": at.date(),
            "received_at": at + timedelta(seconds=chance.randrange(300)),
            "bot": BotRule.CRAWLER if chance.random() < 0.1 else None,
            "source": Source(name=chance.choice(["Google", "Direct"]), channel=Channel.ORGANIC_SEARCH),
            "device": Device(kind=chance.choice(list(DeviceKind)), browser="Firefox"),
            "place": Place(country=chance.choice(["NO", "DE", ""])),
        }
        kind = chance.random()
        if kind < 0.6:
            yield pageview(f"/{chance.randrange(9)}", at=at, **fields)
        elif kind < 0.8:
            yield event(at=at, interactive=chance.random() < 0.5, props={"plan": "pro"}, **fields)
        else:
            yield engagement(chance.randrange(60_000), at=at, **fields)


def _envelope(at: datetime, fields: dict[str, Any]) -> dict[str, Any]:
    return {
        "id": str(UUID(int=(next(_ids) << 64) | 0x7000_8000)),
        "tenant": "main",
        "site": "example.org",
        "occurred_at": at,
        "received_at": at + timedelta(milliseconds=200),
        "salt_day": date(at.year, at.month, at.day),
        "visitor": ANNA,
        **fields,
    }
