"""Loss: when a stream of decisions is not the one that was read, what is said of that, and the mark that accepts it."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

from msgspec import Struct

from contracts.control.stream import CONTROL_STREAM

# In the stream's own metadata, so that everybody who reads it sees it: when somebody said that what is there now shall count.
_MARK: Final = "collector-loss-accepted"
METADATA: Final = "metadata"
WHAT_TO_DO: Final = (
    "stop NATS, put the folder of this one stream back from your backup, and leave the others: they hold what was taken since. "
    "Only where there is none: `collector control accept-loss` says what is gone, asks, and lets what there is now count"
)
IS_ANOTHER: Final = (
    f"the stream {CONTROL_STREAM.name} does not hold the decisions that were read: it was lost, made again or is a "
    "copy from before. What was read holds on"
)
IS_GONE: Final = f"the stream {CONTROL_STREAM.name} is gone; what was read of it holds on"
IS_MISSING: Final = (
    f"the stream {CONTROL_STREAM.name} knows of no member, and the vault does: the decisions were lost. Nothing is decided and "
    "nobody is let in meanwhile"
)


class Place(Struct, frozen=True, kw_only=True):
    """How far a stream is read: which one, by the time of its creation, and what the last message that was read is called."""

    created: datetime | None = None
    seq: int = 0
    message_id: str = ""

    def may_go_on(self, *, created: datetime | None, last_seq: int) -> bool:
        """Say whether a stream that was *created* then and ends at *last_seq* can be the one; the message has to tell, too."""
        return created == self.created and last_seq >= self.seq


def acceptance_in(settings: Mapping[str, Any]) -> str:
    """Return the mark in a stream's *settings* by which the loss of what was before was accepted, "" where there is none."""
    return str((settings.get(METADATA) or {}).get(_MARK, ""))


def accepted(settings: Mapping[str, Any], at: datetime) -> dict[str, Any]:
    """Return *settings* with the mark that what the stream holds shall count since *at*."""
    return {**settings, METADATA: {**(settings.get(METADATA) or {}), _MARK: at.isoformat()}}
