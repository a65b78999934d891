"""Parcel: an event on its way to the stream, and Stored, the stream's word that it arrived."""

import asyncio

from msgspec import Struct

from collector.outcomes import Unavailable, UnavailableReason


class Stored(Struct, frozen=True):
    """JetStream has it on disk; ``duplicate`` when it had it already."""

    id: str
    duplicate: bool


class Parcel(Struct, eq=False):
    """One event on its way: what to send, until when, and whom to tell."""

    id: str
    subject: str
    message_id: str
    body: bytes
    deadline: float
    told: "asyncio.Future[Stored]"

    def store(self, *, duplicate: bool) -> None:
        """Tell the caller that the stream has it."""
        if not self.told.done():
            self.told.set_result(Stored(id=self.id, duplicate=duplicate))

    def fail(self, reason: UnavailableReason, *, retry_after: int = 2) -> None:
        """Tell the caller that the stream has not confirmed it."""
        if not self.told.done():
            self.told.set_exception(Unavailable(reason, retry_after=retry_after))
