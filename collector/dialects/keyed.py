"""Where a request may show its key; a dialect names the form that it takes, and a request without one is a page."""

from typing import Final

from collector.arrival import Head
from collector.decode import read_query
from collector.outcomes import Rejected
from contracts.keys import key_in_authorization

_KEYED: Final = frozenset({b"x-api-key", b"authorization"})


def key_in_head(head: Head) -> str | None:
    """Return the key in X-API-Key or Authorization, "" where one of them is broken, None where there is neither."""
    said = head.headers
    if _KEYED.isdisjoint(said):  # nearly everybody
        return None
    return head.header(b"x-api-key") if b"x-api-key" in said else key_in_authorization(head.header(b"authorization"))


def key_in_head_or_query(head: Head) -> str | None:
    """Return the key in the head, or else in ``?key=``: for dialects whose clients know no other way."""
    shown = key_in_head(head)
    if shown is not None or b"key=" not in head.query:
        return shown
    try:
        return read_query(head.query).get("key")
    except Rejected:
        return ""
