"""Replay: everything that the streams hold, forwarded once from their start; it only reads, and no table is touched."""

from collections.abc import Callable, Sequence
from itertools import takewhile

from msgspec import Struct

from contracts.streams import EventStream
from projections.forwarding.endpoint import Endpoint, Verdict
from projections.forwarding.form import delivery_of
from projections.stream import NoStream, Stream, StreamUnavailable
from projections.stream.item import Item, Sequenced, TooNew

# How many facts the endpoint is asked to take before the next are read.
CHUNK = 500
_TOO_NEW = (
    "what comes next is in a version that this program is too old to read; nothing from there on was sent: install a newer one"
)


class Replayed(Struct, frozen=True, kw_only=True):
    """How many facts ended how, and how many there are to go through."""

    total: int = 0
    forwarded: int = 0
    refused: int = 0
    skipped: int = 0

    @property
    def done(self) -> int:
        """Return how many have been gone through."""
        return self.forwarded + self.refused + self.skipped


async def replay(
    nats_url: str, streams: Sequence[EventStream], endpoint: Endpoint, *, report: Callable[[Replayed], None]
) -> Replayed:
    """Forward what *streams* hold now to *endpoint*, telling *report* how far it is.

    Raise EndpointAway when it stays away, and StreamUnavailable before a fact of a later version.
    """
    ended = Replayed()
    for each in streams:
        async with Stream(nats_url, each) as stream:
            await stream.connect()
            try:
                now = await stream.identity()
            except NoStream:
                continue  # nothing of the family has been stored yet
            ended = _and(ended, Replayed(total=now.messages))
            ended = await _all_of(stream, now.last_seq, endpoint, ended, report)
    return ended


async def _all_of(
    stream: Stream, last: int, endpoint: Endpoint, ended: Replayed, report: Callable[[Replayed], None]
) -> Replayed:
    after = 0
    async with stream.read_after(0) as reader:
        while after < last:
            batch = await reader.next_batch()
            if not batch and not (await stream.backlog_after(after)).messages:
                break  # the last of them were erased
            wanted = list(takewhile(lambda item: item.seq <= last, batch))
            readable = list(takewhile(lambda item: not isinstance(item, TooNew), wanted))
            for first in range(0, len(readable), CHUNK):
                ended = _and(ended, await forward(endpoint, readable[first : first + CHUNK]))
                report(ended)
            if len(readable) < len(wanted):
                raise StreamUnavailable(_TOO_NEW)
            after = batch[-1].seq if batch else after
    return ended


async def forward(endpoint: Endpoint, items: Sequence[Item]) -> Replayed:
    """Post *items* to *endpoint*, and return how they ended."""
    facts = [item.event for item in items if isinstance(item, Sequenced)]
    deliveries = [delivery for fact in facts if (delivery := delivery_of(fact)) is not None]
    refused = (await endpoint.post(deliveries)).count(Verdict.REFUSED)
    return Replayed(forwarded=len(deliveries) - refused, refused=refused, skipped=len(items) - len(deliveries))


def _and(one: Replayed, other: Replayed) -> Replayed:
    return Replayed(
        total=one.total + other.total,
        forwarded=one.forwarded + other.forwarded,
        refused=one.refused + other.refused,
        skipped=one.skipped + other.skipped,
    )
