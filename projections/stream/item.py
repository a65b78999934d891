"""Sequenced, Quarantined, TooNew: what a message of the stream turns out to be once its bytes are read."""

from enum import StrEnum
from typing import Any, Generic, TypeAlias, TypeVar

from msgspec import Struct

from contracts.codec import CODEC, VERSIONED, Codec, NewerVersion, Undecodable, UnknownType
from contracts.events import Fact
from projections.stream.delivery import storable

F = TypeVar("F", bound=Fact)

# events.<family>.<bucket>.<tenant>.<site>.<type>
_TENANT, _SITE, _TOKENS = 3, 4, 6


class Reason(StrEnum):
    """Why a fact cannot be applied; the value is the metric's label and the row's ``reason``."""

    UNDECODABLE = "undecodable"
    UNKNOWN_TYPE = "unknown_type"
    VALUE = "value"
    CONSTRAINT = "constraint"
    LIMIT = "limit"


class Sequenced(Struct, Generic[F], frozen=True, kw_only=True, gc=False):
    """A fact that can be read, where it stands in the stream, and the subject under which it was stored."""

    seq: int
    message_id: str
    event: F
    subject: str = ""


class Quarantined(Struct, frozen=True, kw_only=True, gc=False):
    """A pointer to a fact that cannot be applied, and the class of the reason: never the payload.

    ``tenant`` and ``site`` are those that its subject names, "" when it names none.
    """

    seq: int
    message_id: str
    reason: Reason
    contract: str
    tenant: str = ""
    site: str = ""


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
        return pointer(seq, message_id, subject, Reason.UNDECODABLE)
    except UnknownType:
        return pointer(seq, message_id, subject, Reason.UNKNOWN_TYPE)
    except NewerVersion:
        return TooNew(seq=seq, message_id=message_id, contract=contract_of(subject))
    return Sequenced(seq=seq, message_id=message_id, event=event, subject=subject)


def pointer(seq: int, message_id: str, subject: str, reason: Reason, *, contract: str | None = None) -> Quarantined:
    """Return the pointer that is kept in place of the message at *seq*; *contract* is what *subject* names when not given."""
    tenant, site = owner_of(subject)
    return Quarantined(
        seq=seq,
        message_id=message_id,
        reason=reason,
        contract=contract_of(subject) if contract is None else contract,
        tenant=tenant,
        site=site,
    )


def contract_of(subject: str) -> str:
    """Return the contract that a subject names, such as ``page_viewed.v1``; "" when it names none of ours."""
    contract = subject.rpartition(".")[2].replace("/", ".")
    return contract if VERSIONED.match(contract) else ""


def owner_of(subject: str) -> tuple[str, str]:
    """Return the tenant and the site that a subject names, "" for each when it is none of ours."""
    tokens = storable(subject).split(".")
    if len(tokens) != _TOKENS:
        return "", ""
    return tokens[_TENANT].replace("/", "."), tokens[_SITE].replace("/", ".")
