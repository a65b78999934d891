"""Sequenced, Quarantined, TooNew: what a message of the stream turns out to be once its bytes are read."""

from enum import StrEnum
from typing import Any, Generic, TypeAlias, TypeVar

from msgspec import Struct

from contracts.codec import CODEC, VERSIONED, Codec, NewerVersion, Undecodable, UnknownType
from contracts.events import Fact

F = TypeVar("F", bound=Fact)


class Reason(StrEnum):
    """Why a fact cannot be applied; the value is the metric's label and the row's ``reason``."""

    UNDECODABLE = "undecodable"
    UNKNOWN_TYPE = "unknown_type"
    VALUE = "value"
    CONSTRAINT = "constraint"
    LIMIT = "limit"


class Sequenced(Struct, Generic[F], frozen=True, kw_only=True, gc=False):
    """A fact that can be read, and where it stands in the stream."""

    seq: int
    message_id: str
    event: F


class Quarantined(Struct, frozen=True, kw_only=True, gc=False):
    """A pointer to a fact that cannot be applied, and the class of the reason: never the payload."""

    seq: int
    message_id: str
    reason: Reason
    contract: str


class TooNew(Struct, frozen=True, kw_only=True, gc=False):
    """A pointer to a fact in a version that this program is too old to read."""

    seq: int
    message_id: str
    contract: str


Item: TypeAlias = Sequenced[Any] | Quarantined | TooNew


def read_item(data: bytes, *, seq: int, message_id: str, subject: str, codec: Codec = CODEC) -> Item:
    """Return what the bytes *data* at *seq* are; it never raises, because every message has to end as one of the three."""
    try:
        event = codec.decode(data)
    except Undecodable:
        return Quarantined(seq=seq, message_id=message_id, reason=Reason.UNDECODABLE, contract=contract_of(subject))
    except UnknownType:
        return Quarantined(seq=seq, message_id=message_id, reason=Reason.UNKNOWN_TYPE, contract=contract_of(subject))
    except NewerVersion:
        return TooNew(seq=seq, message_id=message_id, contract=contract_of(subject))
    return Sequenced(seq=seq, message_id=message_id, event=event)


def contract_of(subject: str) -> str:
    """Return the contract that a subject names, such as ``page_viewed.v1``; "" when it names none of ours."""
    contract = subject.rpartition(".")[2].replace("/", ".")
    return contract if VERSIONED.match(contract) else ""
