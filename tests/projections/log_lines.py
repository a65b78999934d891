"""Log lines for the tests: every field has a value, every line an id of its own, and a test names only what it is about."""

import itertools
import random
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from contracts.events import LogKind, LogRecorded, Priority

RECEIVED = datetime(2026, 11, 18, 15, tzinfo=UTC)
SITE = "habits.example"

_ids = itertools.count(1)


def line(name: str = "habit_completed", *, at: datetime = RECEIVED, **fields: Any) -> LogRecorded:
    """Return a line that was received *at*, a second after it happened."""
    envelope = {
        "id": str(UUID(int=(next(_ids) << 64) | 0x7000_8000)),
        "tenant": "main",
        "site": SITE,
        "occurred_at": at - timedelta(seconds=1),
        "received_at": at,
    }
    return LogRecorded(name=name, **({"kind": LogKind.BEHAVIORAL} | envelope | fields))


def lines(count: int, *, seed: int) -> Iterator[LogRecorded]:
    """Yield *count* lines of two sites around the turn of a month."""
    chance = random.Random(seed)
    start = datetime(2026, 10, 31, 20, tzinfo=UTC)
    for _ in range(count):
        provider = chance.choice(["", "nfc_notifier", "deep_link_notifier"])
        yield line(
            chance.choice(["opened", "closed", "crashed"]),
            at=start + timedelta(seconds=chance.randrange(8 * 3600), milliseconds=chance.randrange(1000)),
            id=str(UUID(int=chance.getrandbits(128))),
            site=chance.choice([SITE, "other.example"]),
            kind=chance.choice([kind for kind in LogKind if kind is not LogKind.OTHER]),
            priority=chance.choice([Priority.NORMAL, Priority.NORMAL, Priority.HIGH]),
            subject=chance.choice(["", "a1" * 16, "b2" * 16]),
            session=chance.choice(["", "c3" * 16, "d4" * 16]),
            provider=provider,
            props={"tags.provider": provider} if provider else {},
        )
