"""Stored, Quarantined, TooNew: what a message of the stream turns out to be once its bytes are read."""

import re
from decimal import Decimal, InvalidOperation
from enum import StrEnum
from typing import TypeAlias

from msgspec import Struct

from contracts.codec import CODEC, VERSIONED, Codec, NewerVersion, Undecodable, UnknownType
from contracts.events import Event, EventRecorded, Money

# Wider than any import, and far inside what a month's partition in Postgres can express.
FIRST_YEAR, LAST_YEAR = 1990, 2199
LARGEST_EXPONENT = 30

_UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")
_HEX = re.compile(r"(?:[0-9a-f]{2})+")


class Reason(StrEnum):
    """Why a fact cannot be applied; the value is the metric's label and the row's ``reason``."""

    UNDECODABLE = "undecodable"
    UNKNOWN_TYPE = "unknown_type"
    VALUE = "value"
    CONSTRAINT = "constraint"
    LIMIT = "limit"


class Stored(Struct, frozen=True, kw_only=True, gc=False):
    """A fact that can be read, and where it stands in the stream."""

    seq: int
    message_id: str
    event: Event


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


Item: TypeAlias = Stored | Quarantined | TooNew


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
    if not fits(event):
        return Quarantined(seq=seq, message_id=message_id, reason=Reason.VALUE, contract=contract_of(subject))
    return Stored(seq=seq, message_id=message_id, event=event)


def contract_of(subject: str) -> str:
    """Return the contract that a subject names, such as ``page_viewed.v1``; "" when it names none of ours."""
    contract = subject.rpartition(".")[2].replace("/", ".")
    return contract if VERSIONED.match(contract) else ""


def fits(event: Event) -> bool:
    """Tell whether the tables can hold the fact: what the contract's types cannot say and a fold may rely on."""
    return (
        _UUID.fullmatch(event.id) is not None
        and _HEX.fullmatch(event.visitor) is not None
        # As they are written: in UTC, the first and the last hours that can be written would be before and after all time.
        and all(FIRST_YEAR <= day.year <= LAST_YEAR for day in (event.occurred_at, event.received_at, event.salt_day))
        and (not isinstance(event, EventRecorded) or event.revenue is None or _is_an_amount(event.revenue))
    )


def _is_an_amount(money: Money) -> bool:
    try:
        amount = Decimal(money.amount)
    except InvalidOperation:
        return False
    return amount.is_finite() and abs(amount.adjusted()) <= LARGEST_EXPONENT
