"""Flowcore's form of a fact on the wire: its names, what an event type holds, and the envelope that a transformer is sent."""

import hashlib
import re
from typing import Any, Final

from msgspec import UNSET, Struct, UnsetType, field

DATA_CORE: Final = "flow-analytics"
FLOW_TYPE: Final = "visitor.v0"
EVENT_TYPE: Final = "visitor.tracked.v0"
TRANSFORMER: Final = "/api/transformer"

# Names the facts that came from elsewhere: they keep their times, their ids are known for ever, and nobody sends them on again.
BATCH: Final = "flowcore"
# Its schema asks for 64 characters; nobody is nobody in as many.
HASH_LENGTH: Final = 64
NOBODY: Final = "0" * HASH_LENGTH
HASH: Final = re.compile(r"[0-9a-f]{64}|[0-9a-f]{32}")


class SessionContext(Struct, frozen=True, kw_only=True):
    """What stands beside the page: the UTC day of the salt, and what Flowcore's own schema would refuse anywhere else.

    That schema is strict but here, so that a Flowcore collector takes what it knows and leaves the rest.
    """

    daily_salt_rotation: str = field(name="dailySaltRotation")
    hostname: str | UnsetType = UNSET
    event_name: str | UnsetType = field(default=UNSET, name="eventName")
    custom_properties: dict[str, Any] | UnsetType = field(default=UNSET, name="customProperties")
    campaign: dict[str, Any] | UnsetType = UNSET
    interactive: bool | UnsetType = UNSET
    bot: str | UnsetType = UNSET


class Tracked(Struct, frozen=True, kw_only=True):
    """``visitor.tracked.v0``: somebody saw a page, or did something with a name on it."""

    visitor_hash: str = field(name="visitorHash")
    domain: str | UnsetType = UNSET  # the earlier generation had none
    pathname: str
    referrer: str
    session_context: SessionContext = field(name="sessionContext")


class Delivery(Struct, frozen=True, kw_only=True):
    """The envelope of one event, as it is sent to a transformer."""

    event_id: str = field(name="eventId")
    time_bucket: str = field(name="timeBucket")
    tenant: str
    data_core_id: str = field(name="dataCoreId")
    flow_type: str = field(name="flowType")
    event_type: str = field(name="eventType")
    metadata: dict[str, Any] = {}  # msgspec copies it
    payload: Tracked
    valid_time: str = field(name="validTime")


def hash_of(visitor: str) -> str:
    """Return *visitor*, a fact's pseudonym, in as many characters as Flowcore's schema asks for."""
    if not visitor:
        return NOBODY
    return visitor if len(visitor) == HASH_LENGTH else hashlib.sha256(visitor.encode()).hexdigest()


def visitor_in(visitor_hash: str) -> str:
    """Return the pseudonym that *visitor_hash* is for a fact, "" for nobody."""
    return "" if visitor_hash == NOBODY else visitor_hash


# What its front page tells whoever asks, by paths below wherever it is mounted.
INFO: Final[dict[str, Any]] = {
    "service": "Flowcore Analytics Collector",
    "version": "1.0.0",
    "status": "running",
    "endpoints": {"health": "/health", "docs": "/swagger", "transformer": TRANSFORMER, "pageview": "/api/pageview"},
}
