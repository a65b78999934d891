"""Contract event <-> what is stored of it: the bytes that every reader of the stream decodes, and its published name."""

from typing import Any

from eventsourcing.persistence import JSONTranscoder, Mapper, StoredEvent

from contracts.codec import Undecodable, type_of
from contracts.control import CONTROL_CODEC
from contracts.control.envelope import ControlEvent


class ContractMapper(Mapper[str]):
    """Writes and reads events as contracts/control has them; the library's transcoder, cipher and compressor have no part."""

    def __init__(self) -> None:
        super().__init__(JSONTranscoder())

    def to_stored_event(self, domain_event: Any) -> StoredEvent:
        """Return what is stored of a control event."""
        event: ControlEvent = domain_event
        return StoredEvent(
            originator_id=event.originator_id,
            originator_version=event.originator_version,
            topic=type_of(event),
            state=CONTROL_CODEC.encode(event),
        )

    def to_domain_event(self, stored_event: StoredEvent) -> ControlEvent:
        """Return the control event, or raise as the codec does; what it says of itself is where it was found."""
        event: ControlEvent = CONTROL_CODEC.decode(stored_event.state)  # type: ignore[assignment]  # of this catalogue
        if (event.originator_id, event.originator_version) != (stored_event.originator_id, stored_event.originator_version):
            raise Undecodable("the event is of another thing or version than its subject")
        return event
