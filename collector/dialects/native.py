"""Our own dialect: the Flowcore collector's four wire generations and what we add to them, one event or a batch.

The generations differ in which of ``domain``, ``eventName`` and ``customProperties`` they have and in the path they post to, so
one shape with everything optional but the page reads all of them, on both paths. Unknown fields are ignored and never stored.
"""

import functools
from collections.abc import Callable
from typing import Any, Final

import msgspec
from msgspec import Struct, field, structs

from collector.answer import Answer, retry_headers
from collector.arrival import Arrival
from collector.decode import json_body, read_json
from collector.dialects.browser import Browser, read_browser
from collector.dialects.endpoint import Endpoint, ended_well, told_of
from collector.dialects.keyed import key_in_head
from collector.dialects.native_items import hit_of, properties_left_out, read_item
from collector.hit import Hit
from collector.outcomes import (
    Change,
    Dropped,
    Outcome,
    Refused,
    RefuseReason,
    Rejected,
    RejectReason,
    Stored,
    Unavailable,
    UnavailableReason,
)
from contracts.control.keys import Scope

EVENT_BYTES: Final = 64 * 1024
BATCH_BYTES: Final = 1024 * 1024
BATCH_EVENTS: Final = 1000
JSON: Final = ((b"content-type", b"application/json"),)


class Batch(Struct):
    """Up to a thousand items, each still unread, so that one bad item spoils no other."""

    events: list[msgspec.Raw]
    sent_at: str | None = field(default=None, name="sentAt")


_batch = msgspec.json.Decoder(Batch)


def read_one(arrival: Arrival) -> list[Hit | Rejected]:
    """Return the one hit that the body holds."""
    item, changes = read_item(json_body(arrival))
    return [hit_of(item, changes, arrival, read_browser(arrival.head))]


def read_batch(arrival: Arrival) -> list[Callable[[], Hit]]:
    """Return each item, in order and still unread, so that what is wrong with one is its own."""
    batch = read_json(arrival, _batch)
    if len(batch.events) > BATCH_EVENTS:
        detail = f"A batch holds at most {BATCH_EVENTS:,} events; send the rest in the next one."
        raise Rejected(RejectReason.TOO_MANY, detail, field="events")
    browser = read_browser(arrival.head)
    return [functools.partial(_hit_of_item, raw, batch, arrival, browser) for raw in batch.events]


def word_one(arrival: Arrival, outcomes: list[Outcome]) -> Answer:
    """Answer 204 as the Flowcore collector does, or with a receipt when ``Prefer: return=representation`` (RFC 7240) asks.

    Headers say why it was dropped, and what of it was stored otherwise than it was sent.
    """
    outcome = ended_well(outcomes[0])
    told = told_of(outcome)
    if "return=representation" not in arrival.head.header(b"prefer"):
        return Answer(status=204, headers=told)
    names = properties_left_out(arrival.body)
    receipt = _receipt(_besides(Change.PROPS_LEFT_OUT, outcome)) | {"leftOut": names} if names else _receipt(outcome)
    return Answer(status=200, headers=(*JSON, *told), body=msgspec.json.encode(receipt))


def _besides(named: Change, outcome: Stored | Dropped) -> Stored | Dropped:
    """Return *outcome* without the change that the receipt names in full."""
    if isinstance(outcome, Dropped):
        return outcome
    return structs.replace(outcome, changes=tuple(change for change in outcome.changes if change is not named))


def word_batch(arrival: Arrival, outcomes: list[Outcome]) -> Answer:  # noqa: ARG001  # every dialect words from the same two
    """Answer with a receipt per item, in order.

    Where the stream could not confirm a part it is 503, and where a part was too much 429, so that nobody takes that for
    success: sent again with the same ids, what is stored already is stored once. A batch of which nothing could be stored is
    Unavailable as a whole. A defect of ours costs its own item, or the batch when there is no other.
    """
    lost = [outcome for outcome in outcomes if isinstance(outcome, Unavailable)]
    to_repeat = [outcome for outcome in lost if outcome.reason is not UnavailableReason.DEFECT]
    if to_repeat and not any(isinstance(outcome, Stored) for outcome in outcomes):
        raise to_repeat[0]
    if lost and len(lost) == len(outcomes):
        raise lost[0]
    receipts = [_receipt(outcome) for outcome in outcomes]
    counts = {status: sum(receipt["status"] == status for receipt in receipts) for status in STATUSES}
    too_many = [outcome for outcome in outcomes if isinstance(outcome, Refused) and outcome.reason is RefuseReason.RATE_LIMITED]
    if refused := sum(receipt["status"] == "refused" for receipt in receipts):
        counts["refused"] = refused
    body = msgspec.json.encode(counts | {"results": receipts})
    if to_repeat:
        return Answer(status=503, headers=(*JSON, *retry_headers(to_repeat[0])), body=body)
    if too_many:
        return Answer(status=too_many[-1].status, headers=(*JSON, *retry_headers(too_many[-1])), body=body)
    return Answer(status=200, headers=JSON, body=body)


STATUSES: Final = ("stored", "dropped", "rejected", "unavailable")


def _receipt(outcome: Outcome) -> dict[str, Any]:
    match outcome:
        case Stored(id=id_, duplicate=duplicate, robot=rule, changes=changes):
            more = {"robot": rule, "changed": changes}
            return {"status": "stored", "id": id_, "duplicate": duplicate} | {name: told for name, told in more.items() if told}
        case Dropped(reason=reason):
            return {"status": "dropped", "reason": reason.value}
        case Rejected(reason=reason, detail=detail, field=name):
            return {"status": "rejected", "code": reason.value, "detail": detail, "field": name}
        case Refused(reason=reason):
            return {"status": "refused", "reason": reason.value}
        case Unavailable(reason=UnavailableReason.DEFECT):
            return {"status": "unavailable", "reason": "defect", "code": 500}
        case Unavailable(reason=reason):
            return {"status": "unavailable", "reason": reason.value}


def _hit_of_item(raw: msgspec.Raw, batch: Batch, arrival: Arrival, browser: Browser) -> Hit:
    item, changes = read_item(bytes(raw))
    item.sent_at = item.sent_at or batch.sent_at
    return hit_of(item, changes, arrival, browser)


_ONE: Final = Endpoint(
    template="/api/event",
    dialect="native",
    methods=("POST",),
    limit=EVENT_BYTES,
    read=read_one,
    word=word_one,
    scope=Scope.INGEST,
    shown_key=key_in_head,
    takes_beacons=True,
)
ENDPOINTS: Final = (
    _ONE,
    structs.replace(_ONE, template="/api/pageview"),
    structs.replace(_ONE, template="/api/events/batch", dialect="batch", limit=BATCH_BYTES, read=read_batch, word=word_batch),
)
