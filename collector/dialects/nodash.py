"""Nodash's dialect: an event is tracked, a user is identified, one in each request, under /v1 and as its SDK asks."""

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any, Final

import msgspec
from msgspec import structs

from collector.answer import Answer
from collector.arrival import Arrival, Head
from collector.decode import parse_json, without_halves
from collector.dialects.browser import NO_SIGNALS, read_browser
from collector.dialects.endpoint import Endpoint, ended_well
from collector.dialects.keyed import key_in_head
from collector.dialects.mounted import mounted, of_mount
from collector.dialects.nodash_about import ABOUT, DOCUMENTS
from collector.dialects.nodash_words import (
    BLANK_TENANT,
    MISSING_TENANT,
    TENANT,
    NothingShown,
    refuse_identify,
    refuse_track,
    succeed,
)
from collector.dialects.passed_on import visitor_of
from collector.dialects.retry_key import LONGEST_KEY, content_of, key_apart
from collector.dialects.zod import Check, a_datetime, a_record, a_string, problems, some_text, text_of_at_most
from collector.hit import Hit
from collector.kinds.product import ActionClaim, DescriptionClaim, ProductClaim
from collector.outcomes import Dropped, Outcome, Rejected, RejectReason, Stored
from contracts.control.keys import Scope
from contracts.mounts import Mount

BYTES: Final = 1024 * 1024
MOST_KEYS: Final = 1000
_PROTOTYPE: Final = "__proto__"

_read_body: Final = msgspec.json.Decoder(Any)


def _data(value: Any) -> str:
    """Say what is wrong unless *value* is an object of a size that somebody may have meant, and nobody's prototype."""
    if wrong := a_record(value):
        return wrong
    for count, key in enumerate(_keys(value), start=1):
        if key == _PROTOTYPE:
            return "Unrecognized key, which would change an object's prototype; leave it out"
        if count > MOST_KEYS:
            return f"Object must contain at most {MOST_KEYS} key(s)"
    return ""


def _keys(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        yield from value
        if isinstance(inner := value.get("constructor"), dict) and "prototype" in inner:
            yield _PROTOTYPE
    for inner in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        yield from _keys(inner)


_EVENT_ID: Final = text_of_at_most(LONGEST_KEY)
TRACK: Final[Mapping[str, Check]] = {
    "event": some_text,
    "properties": _data,
    "timestamp": a_datetime,
    **dict.fromkeys(("userId", "sessionId", "deviceId"), a_string),
    "eventId": _EVENT_ID,
}
IDENTIFY: Final[Mapping[str, Check]] = {"userId": some_text, "traits": _data, "timestamp": a_datetime, "eventId": _EVENT_ID}


def read_track(arrival: Arrival) -> list[Hit]:
    """Return the event that the body names."""
    body = _lifted(_body(arrival))
    _require(body, TRACK, "event")
    claim = ActionClaim(
        name=body["event"],
        user=body.get("userId", ""),
        session=body.get("sessionId", ""),
        device=body.get("deviceId", ""),
        props=body.get("properties", {}),
        content=_content("track", body),
    )
    return [_hit(arrival, body, claim, body.get("eventId"))]


def read_identify(arrival: Arrival) -> list[Hit]:
    """Return what the body says of a user."""
    body = _body(arrival)
    _require(body, IDENTIFY, "userId")
    claim = DescriptionClaim(user=body["userId"], traits=body.get("traits", {}), content=_content("identify", body))
    # An event may have the same id, and is something else all the same.
    key = f"identify:{body['eventId']}" if "eventId" in body else None
    return [_hit(arrival, body, claim, key)]


def word_track(arrival: Arrival, outcomes: list[Outcome]) -> Answer:
    """Answer with the event's id, which is also told for a repeat, or say why it was not kept."""
    outcome = ended_well(outcomes[0])
    if isinstance(outcome, Dropped):
        return succeed(outcome, {"message": f"Event not kept: {outcome.reason.value}"}, arrival.received_at)
    known = {"message": "Event already processed"} if outcome.duplicate else {}
    return succeed(outcome, {"eventId": outcome.id} | known, arrival.received_at)


def word_identify(arrival: Arrival, outcomes: list[Outcome]) -> Answer:
    """Answer with the user's id as it was sent; ``created`` says that this was not known yet, for no table is asked."""
    outcome = ended_well(outcomes[0])
    created = isinstance(outcome, Stored) and not outcome.duplicate
    return succeed(outcome, {"userId": _body(arrival)["userId"], "created": created}, arrival.received_at)


def _body(arrival: Arrival) -> dict[str, Any]:
    """Return the body's members; what is no JSON by its Content-Type, or no object, has none."""
    media = arrival.head.header(b"content-type").partition(";")[0].strip().lower()
    if media != "application/json" or not arrival.body.strip():
        return {}
    body = parse_json(without_halves(arrival.body), _read_body)
    if not isinstance(body, dict | list):
        raise Rejected(RejectReason.NOT_JSON, "The body is no JSON object; send one.")
    return body if isinstance(body, dict) else {}


def _lifted(body: dict[str, Any]) -> dict[str, Any]:
    """Return *body* with the user that stands among its properties, where it names none itself."""
    props = body.get("properties")
    if body.get("userId") or not isinstance(props, dict) or not props.get("userId"):
        return body
    rest = {name: value for name, value in props.items() if name != "userId"}
    return body | {"userId": props["userId"], "properties": rest}


def _require(body: Mapping[str, Any], schema: Mapping[str, Check], required: str) -> None:
    if wrong := problems(body, schema, frozenset({required})):
        raise Rejected(RejectReason.SHAPE, wrong)


def _hit(arrival: Arrival, body: Mapping[str, Any], claim: ProductClaim, key: str | None) -> Hit:
    sender, said = arrival.sender, body.get("timestamp")
    browser = None if sender.is_server else read_browser(arrival.head)
    return Hit(
        person=visitor_of(sender) if browser is None else browser.person(),
        sender=sender,
        site="",  # the key's
        received_at=arrival.received_at,
        claim=claim,
        key=key_apart(key, claim.ids),
        occurred_at=None if said is None else datetime.fromisoformat(said),
        signals=NO_SIGNALS if browser is None else browser.signals,
    )


def _content(verb: str, body: Mapping[str, Any]) -> str:
    """Return what an item is known by that has its own time and no id: sent again, it is the same item."""
    return content_of(verb, body) if "timestamp" in body and "eventId" not in body else ""


def _shown(head: Head) -> str:
    shown = key_in_head(head)
    if not shown:
        raise NothingShown
    return shown


def _shown_to_a_tenant(head: Head) -> str:
    said = head.headers.get(TENANT.encode())
    if not said:
        raise Rejected(RejectReason.MISSING_FIELD, MISSING_TENANT, field=TENANT)
    if not said.strip():
        raise Rejected(RejectReason.OUT_OF_RANGE, BLANK_TENANT, field=TENANT)
    return _shown(head)


_TRACK: Final = Endpoint(
    template="/v1/track",
    dialect="nodash",
    methods=("POST",),
    limit=BYTES,
    read=read_track,
    word=word_track,
    refuse=refuse_track,
    scope=Scope.INGEST,
    shown_key=_shown_to_a_tenant,
)
_IDENTIFY: Final = structs.replace(
    _TRACK, template="/v1/identify", read=read_identify, word=word_identify, refuse=refuse_identify
)
# Its SDK's paths, on which the tenant may come from the key alone.
_PARTS: Final = (
    *(_TRACK, _IDENTIFY),
    structs.replace(_TRACK, template="/track", shown_key=_shown),
    structs.replace(_IDENTIFY, template="/identify", shown_key=_shown),
)
ENDPOINTS: Final = (*of_mount(Mount.NODASH, _PARTS), *mounted(Mount.NODASH, (*_PARTS, *DOCUMENTS)), *ABOUT)
