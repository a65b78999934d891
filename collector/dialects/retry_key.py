"""The key that a caller gives an event so that a retry is stored once: its rule, for every dialect that takes one."""

from typing import Final

from collector.outcomes import Rejected, RejectReason

LONGEST_KEY: Final = 128


def checked_key(key: str | None) -> str | None:
    """Return *key*, or raise Rejected when it is empty or longer than 128 characters."""
    if key is not None and not 0 < len(key) <= LONGEST_KEY:
        raise Rejected(RejectReason.TOO_LONG, f"The id must have 1 to {LONGEST_KEY} characters.", field="id")
    return key
