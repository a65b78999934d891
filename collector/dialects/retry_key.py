"""What a retry is known by: the key that a caller gives an event, or all that the event says; for every dialect."""

import hashlib
from collections.abc import Collection
from typing import Any, Final

import msgspec

from collector.outcomes import Rejected, RejectReason

LONGEST_KEY: Final = 128


def checked_key(key: str | None) -> str | None:
    """Return *key*, or raise Rejected when it is empty or longer than 128 characters."""
    if key is not None and not 0 < len(key) <= LONGEST_KEY:
        raise Rejected(RejectReason.TOO_LONG, f"The id must have 1 to {LONGEST_KEY} characters.", field="id")
    return key


def key_apart(key: str | None, ids: Collection[str]) -> str | None:
    """Return *key*, or another where it is one of somebody's *ids*: a UUID becomes a fact's id as it is."""
    return f"event {key}" if key and key in ids else key


def content_of(*parts: Any) -> str:
    """Return a digest of all that *parts* say, however their members are ordered.

    A guess at whom they name could be checked in it, so it is stored nowhere: the kind makes an id of it, with a secret.
    """
    return hashlib.sha256(msgspec.json.encode(parts, order="deterministic")).hexdigest()
