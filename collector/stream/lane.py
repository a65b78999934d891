"""Lane: one stream's way out, so that no stream waits for another."""

from collector.outcomes import Unavailable, UnavailableReason
from collector.stream.groups import GROUP_EVENTS, Groups
from contracts.streams import EventStream

WAITING_EVENTS = 5_000  # what the processor's caches hold: with four times as many, a fifth less is stored
DEADLINE_SECONDS = 1.5  # an answer within two, whatever happens
WAITING_SECONDS = 1.0  # of which this much may pass before it is sent


class Lane:
    """The groups of *stream*; whether it is there as it must be, or could not be made; and why it takes nothing, if so."""

    def __init__(self, stream: EventStream, number: int) -> None:
        self.stream = stream
        self.number = number
        self.groups = Groups()
        self.is_open = False
        self.is_unmade = False
        self.is_full = False
        self.held: UnavailableReason | None = None

    def refuse_while_closed(self) -> None:
        """Raise Unavailable when a fact for this stream would not be sent, or only wait behind too many others.

        The door lets nobody in behind WAITING_EVENTS, but a batch that is in is sent whole.
        """
        if self.held is not None:
            raise Unavailable(self.held)
        if len(self.groups) >= WAITING_EVENTS + GROUP_EVENTS:
            raise Unavailable(UnavailableReason.OVERLOADED, retry_after=1)

    def is_late(self, now: float) -> bool:
        """Say whether whoever comes at *now* would wait too long: as long as the first of those who wait has already."""
        first = self.groups.first
        if first is None:
            return False
        return first.deadline < now + DEADLINE_SECONDS - WAITING_SECONDS or len(self.groups) >= WAITING_EVENTS

    def fail_everything(self, reason: UnavailableReason, *, retry_after: int = 2) -> None:
        """Tell everybody who waits for this stream that it has not confirmed their facts."""
        for parcel in self.groups.clear():
            parcel.fail(reason, retry_after=retry_after)
