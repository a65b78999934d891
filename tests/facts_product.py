"""Facts of the product family for the tests: every fact has an id of its own, and a test names only what it is about."""

import itertools
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from contracts.events import ActionRecorded, SubjectDescribed
from contracts.streams import EventStream
from tests.facts import NOON

PRODUCT = EventStream(family="product")
SITE = "app.example"
CARL = "c3" * 16
DORA = "d4" * 16

_ids = itertools.count(1)


def action(name: str = "opened", *, at: datetime = NOON, **fields: Any) -> ActionRecorded:
    """Return that CARL did something."""
    return ActionRecorded(name=name, **_envelope(at, fields))


def described(*, at: datetime = NOON, subject: str = CARL, **traits: Any) -> SubjectDescribed:
    """Return that *subject* has *traits*."""
    return SubjectDescribed(traits=traits, **_envelope(at, {"subject": subject}))


def _envelope(at: datetime, fields: dict[str, Any]) -> dict[str, Any]:
    return {
        "id": str(UUID(int=(next(_ids) << 64) | 0x7000_8001)),
        "tenant": "main",
        "site": SITE,
        "occurred_at": at,
        "received_at": at + timedelta(milliseconds=200),
        "subject": CARL,
        **fields,
    }
