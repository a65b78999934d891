"""Parcel: a fact on its way to the stream, and whom to tell when it is there."""

import asyncio
from collections.abc import Callable

from msgspec import Struct

from collector.fate import Fate
from collector.outcomes import Rejected, RejectReason, Stored, Unavailable, UnavailableReason
from contracts.codec import Codec, type_of
from contracts.events import Fact, WebFact
from contracts.streams import MAX_FACT_BYTES, message_id, subject_of

# The stream's bound is on a message whole: on the headers that a fact travels with, too.
MOST_BYTES = MAX_FACT_BYTES - 1024


class Parcel(Struct, eq=False):
    """One event on its way: what to send, until when, and whom to tell.

    ``followers`` are those who came with the same id meanwhile. ``is_sent`` while the stream may have it though it has not said
    so. ``refusal`` is why it certainly was not stored when it was sent last.
    """

    id: str
    subject: str
    message_id: str
    body: bytes
    deadline: float
    outcome: "asyncio.Future[Stored]"
    robot: str = ""
    followers: "list[asyncio.Future[Stored]] | None" = None
    is_sent: bool = False
    refusal: UnavailableReason | None = None

    def tell_others(self, outcome: "asyncio.Future[Stored]") -> None:
        """Let whoever came with the same id have its answer, too."""
        if self.followers is None:
            self.followers = []
        self.followers.append(outcome)

    def store(self, *, duplicate: bool) -> None:
        """Tell the callers that the stream has it."""
        if not self.outcome.done():
            self.outcome.set_result(Stored(id=self.id, duplicate=duplicate, robot=self.robot))
        if self.followers is None:
            return
        for follower in self.followers:
            if not follower.done():
                follower.set_result(Stored(id=self.id, duplicate=True, robot=self.robot))

    def fail(self, reason: UnavailableReason, *, retry_after: int = 2, fate: Callable[[], Fate] | None = None) -> None:
        """Tell the callers that the stream has not confirmed it; each hears from a *fate* whether it has it after all."""
        for outcome in (self.outcome, *(self.followers or ())):
            if not outcome.done():
                outcome.set_exception(Unavailable(reason, retry_after=retry_after, fate=fate() if fate else None))


def wrap(event: Fact, *, codec: Codec, deadline: float, outcome: "asyncio.Future[Stored]") -> Parcel:
    """Return *event* ready to be sent, or raise Rejected when it is larger than the stream takes."""
    body = codec.encode(event)
    if len(body) > MOST_BYTES:
        detail = "The event is over 64 kB once stored; send fewer or shorter properties."
        raise Rejected(RejectReason.TOO_LARGE, detail, status=413)
    return Parcel(
        id=event.id,
        subject=subject_of(event.family, event.tenant, event.site, type_of(event)),
        message_id=message_id(event.tenant, event.site, event.id),
        body=body,
        deadline=deadline,
        outcome=outcome,
        robot=event.bot.value if isinstance(event, WebFact) and event.bot is not None else "",
    )
