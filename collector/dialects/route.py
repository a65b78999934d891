"""Route: what a dialect is made of, a way to read requests into hits and a way to word the answer."""

from collections.abc import Callable
from typing import TypeAlias

from msgspec import Struct

from collector.arrival import Arrival
from collector.hit import Hit
from collector.outcomes import Dropped, Rejected, Unavailable
from collector.stream.parcel import Stored

Outcome: TypeAlias = Stored | Dropped | Rejected | Unavailable


class Answer(Struct, frozen=True, kw_only=True):
    """An HTTP answer, but for the headers that all of them share."""

    status: int
    headers: tuple[tuple[bytes, bytes], ...] = ()
    body: bytes = b""


class Route(Struct, frozen=True, kw_only=True):
    """One endpoint: ``read`` raises Rejected for the request as a whole and lists it for a single item."""

    path: str
    dialect: str
    methods: tuple[str, ...]
    limit: int
    read: Callable[[Arrival], list[Hit | Rejected]]
    word: Callable[[Arrival, list[Outcome]], Answer]


def settled(outcome: Outcome) -> Stored | Dropped:
    """Return how a lone hit ended well, or raise how it did not; the app words the rest."""
    if isinstance(outcome, Rejected | Unavailable):
        raise outcome
    return outcome
