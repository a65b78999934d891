"""Sequenced, Quarantined, TooNew: what a message of the stream turns out to be once its bytes are read."""

from datetime import datetime
from enum import StrEnum
from typing import Any, Final, Generic, TypeAlias, TypeVar

import msgspec
from msgspec import Struct, structs

from contracts import flowcore
from contracts.codec import CODEC, VERSIONED, Codec, NewerVersion, Undecodable, UnknownType
from contracts.events import Fact
from contracts.events.envelope import FIRST_YEAR, LAST_YEAR, Moment
from projections.stream.delivery import storable

F = TypeVar("F", bound=Fact)

# What comes in by a request brings its batch's name, too, where another collector forwards it.
_BY_REQUEST: Final = frozenset({flowcore.BATCH})
# events.<family>.<bucket>.<tenant>.<site>.<type>
_TENANT, _SITE, _TOKENS = 3, 4, 6


class Reason(StrEnum):
    """Why a fact cannot be applied; the value is the metric's label and the row's ``reason``."""

    UNDECODABLE = "undecodable"
    UNKNOWN_TYPE = "unknown_type"
    VALUE = "value"
    CONSTRAINT = "constraint"
    LIMIT = "limit"
    LEFT_OUT = "left_out"  # somebody has decided so


class Sequenced(Struct, Generic[F], frozen=True, kw_only=True, gc=False):
    """A fact that can be read, where it stands in the stream, and the subject under which it was stored."""

    seq: int
    message_id: str
    event: F
    subject: str = ""


class _Came(Struct, frozen=True, gc=False):
    """What the envelope of a fact says of how it came."""

    received_at: Moment
    batch: str | None = None


_came = msgspec.json.Decoder(_Came)


class Quarantined(Struct, frozen=True, kw_only=True, gc=False):
    """A pointer to a fact that cannot be applied, and the class of the reason: never the payload.

    ``tenant`` and ``site`` are those that its subject names, "" when it names none. ``came_at`` is when it was received, as far
    as its bytes say so, else when it was stored; ``imported`` says that it came by no request.
    """

    seq: int
    message_id: str
    reason: Reason
    contract: str
    tenant: str = ""
    site: str = ""
    came_at: datetime | None = None
    imported: bool = False


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
        return _unreadable(data, pointer(seq, message_id, subject, Reason.UNDECODABLE))
    except UnknownType:
        return _unreadable(data, pointer(seq, message_id, subject, Reason.UNKNOWN_TYPE))
    except NewerVersion:
        return TooNew(seq=seq, message_id=message_id, contract=contract_of(subject))
    return Sequenced(seq=seq, message_id=message_id, event=event, subject=subject)


def is_imported(batch: str | None) -> bool:
    """Say whether a fact of *batch* came by no request."""
    return batch is not None and batch not in _BY_REQUEST


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


def _unreadable(data: bytes, pointed: Quarantined) -> Quarantined:
    """Return *pointed* with what the bytes *data* say of when they came; whoever reads them knows when they were stored."""
    try:
        came = _came.decode(data)
    except (msgspec.MsgspecError, UnicodeDecodeError):
        return pointed
    if not FIRST_YEAR <= came.received_at.year <= LAST_YEAR:
        return pointed
    return structs.replace(pointed, came_at=came.received_at, imported=is_imported(came.batch))


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
