"""Anonymous -> event: give it an id and the shape of its contract."""

import hashlib
import re
import secrets
import uuid
from datetime import datetime
from typing import Any

from collector.hit import HitKind
from collector.privacy.anonymous import Anonymous
from contracts.events import EngagementMeasured, EventRecorded, PageViewed, WebEvent

_CANONICAL = re.compile("[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")


def uuid7(at: datetime) -> str:
    """Return a version 7 UUID (RFC 9562, 5.7): milliseconds of *at*, then 74 random bits."""
    random = secrets.token_bytes(10)
    clock = (int(at.timestamp() * 1000) & (1 << 48) - 1).to_bytes(6)
    return _text(clock + bytes((0x70 | random[0] & 0x0F, random[1], 0x80 | random[2] & 0x3F)) + random[3:])


def uuid8(*parts: str) -> str:
    """Return the version 8 UUID (RFC 9562, 5.8) of *parts*: the same parts, the same id."""
    digest = hashlib.sha256("\0".join(parts).encode("utf-8", "surrogatepass")).digest()
    return _text(digest[:6] + bytes((0x80 | digest[6] & 0x0F, digest[7], 0x80 | digest[8] & 0x3F)) + digest[9:16])


def _text(sixteen: bytes) -> str:
    digits = sixteen.hex()
    return f"{digits[:8]}-{digits[8:12]}-{digits[12:16]}-{digits[16:20]}-{digits[20:]}"


def event_id(anonymous: Anonymous) -> str:
    """Return the caller's own UUID, the UUID of the caller's other kind of key, or a new one."""
    if anonymous.key is None:
        return uuid7(anonymous.received_at)
    if _CANONICAL.fullmatch(anonymous.key):  # as the snippet writes it
        return anonymous.key
    try:
        return str(uuid.UUID(anonymous.key))
    except ValueError:
        return uuid8(anonymous.tenant, anonymous.site, anonymous.key)


def record(anonymous: Anonymous) -> WebEvent:
    """Return *anonymous* as a fact of the newest contract."""
    envelope: dict[str, Any] = {
        "id": event_id(anonymous),
        "tenant": anonymous.tenant,
        "site": anonymous.site,
        "occurred_at": anonymous.occurred_at,
        "received_at": anonymous.received_at,
        "salt_day": anonymous.salt_day,
        "visitor": anonymous.visitor,
        "page": anonymous.page,
        "source": anonymous.source,
        "device": anonymous.device,
        "place": anonymous.place,
        "bot": anonymous.bot,
        "bot_name": anonymous.bot_name,
        "batch": anonymous.batch,
        "lists": anonymous.lists,
        "places": anonymous.places,
    }
    match anonymous.kind:
        case HitKind.PAGEVIEW:
            return PageViewed(**envelope)
        case HitKind.EVENT:
            return EventRecorded(
                **envelope,
                name=anonymous.name,
                props=anonymous.props,
                revenue=anonymous.revenue,
                interactive=anonymous.interactive,
            )
        case HitKind.ENGAGEMENT:
            return EngagementMeasured(
                **envelope,
                engaged_ms=anonymous.engaged_ms,
                scroll_percent=anonymous.scroll_percent,
            )
