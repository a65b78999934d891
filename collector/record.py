"""The id under which a fact is recorded: a new one sorts by time, a caller's own is kept, and one key is always one id."""

import hashlib
import re
import secrets
import uuid
from datetime import datetime

_SHORTEST_UUID = 32
# Two bits of the digit stay; RFC 9562 sets the others.
_VARIANT = dict(zip("0123456789abcdef", "89ab" * 4, strict=True))
_CANONICAL = re.compile("[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")


def uuid7(at: datetime) -> str:
    """Return a version 7 UUID (RFC 9562, 5.7): milliseconds of *at*, then 74 random bits."""
    random = secrets.token_bytes(10)
    clock = (int(at.timestamp() * 1000) & (1 << 48) - 1).to_bytes(6)
    return _text(clock + bytes((0x70 | random[0] & 0x0F, random[1], 0x80 | random[2] & 0x3F)) + random[3:])


def uuid8(*parts: str) -> str:
    """Return the version 8 UUID (RFC 9562, 5.8) of *parts*: the same parts, the same id."""
    digits = hashlib.sha256("\0".join(parts).encode("utf-8", "surrogatepass")).hexdigest()
    return f"{digits[:8]}-{digits[8:12]}-8{digits[13:16]}-{_VARIANT[digits[16]]}{digits[17:20]}-{digits[20:32]}"


def _text(sixteen: bytes) -> str:
    digits = sixteen.hex()
    return f"{digits[:8]}-{digits[8:12]}-{digits[12:16]}-{digits[16:20]}-{digits[20:]}"


def fact_id(key: str | None, *, tenant: str, site: str, received_at: datetime) -> str:
    """Return the caller's own UUID, the UUID of the caller's other kind of *key*, or a new one."""
    if key is None:
        return uuid7(received_at)
    if _CANONICAL.fullmatch(key):  # as the snippet writes it
        return key
    if len(key) < _SHORTEST_UUID:
        return uuid8(tenant, site, key)
    try:
        return str(uuid.UUID(key))
    except ValueError:
        return uuid8(tenant, site, key)
