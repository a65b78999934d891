"""The dialect of bilan-server: events of AI conversations, alone, in a list or in ``{"events": [...]}``, and the votes of v0.3."""

import functools
from collections.abc import Callable, Sequence
from typing import Any, Final

import msgspec
from msgspec import structs

from collector.answer import Answer, retry_headers
from collector.arrival import Arrival, Head
from collector.decode import JSON_MEDIA, parse_json, refuse_controls
from collector.dialects.bilan_items import claim_of, time_of, vote_of
from collector.dialects.browser import Browser, read_browser, site_of_page
from collector.dialects.endpoint import Endpoint, Item
from collector.dialects.passed_on import visitor_of
from collector.dialects.retry_key import checked_key
from collector.hit import Hit
from collector.kinds.turns import TurnsClaim
from collector.outcomes import (
    Dropped,
    Failure,
    Outcome,
    Refused,
    RefuseReason,
    Rejected,
    RejectReason,
    Stored,
    Unavailable,
    UnavailableReason,
)
from collector.addresses import Mark
from contracts.control.keys import Scope
from contracts.keys import key_in_authorization

BODY_BYTES: Final = 1024 * 1024
BATCH_EVENTS: Final = 1000
JSON: Final = ((b"content-type", b"application/json; charset=utf-8"),)

Claims = Callable[[dict[str, Any]], TurnsClaim]
_anything = msgspec.json.Decoder()


def key_of(head: Head) -> str | None:
    """Return the key in Authorization, behind ``Bearer`` or alone, as bilan reads it; None where there is none."""
    said = head.headers.get(b"authorization")
    return None if said is None else key_in_authorization(said.decode("latin-1"))


def read_events(arrival: Arrival) -> Sequence[Item]:
    """Return each event of the body, still unread, so that what is wrong with one is its own."""
    body = _read_body(arrival)
    if body is _NO_JSON:
        return [Rejected(RejectReason.NOT_JSON, "The text is not JSON; send an event as application/json.")]
    if body is None:
        raise Rejected(RejectReason.SHAPE, "The body is null; send an event, a list of events or {events: [...]}.")
    events = body.get("events", [body]) if isinstance(body, dict) else body if isinstance(body, list) else [body]
    if not isinstance(events, list):
        raise Rejected(RejectReason.WRONG_TYPE, "Events must be an array", field="events")
    if len(events) > BATCH_EVENTS:
        raise Rejected(RejectReason.TOO_MANY, f"Maximum {BATCH_EVENTS} events per request", field="events")
    browser, has_controls = read_browser(arrival.head), _may_hold_controls(arrival.body)
    return [functools.partial(_hit, event, arrival, browser, claim_of, has_controls=has_controls) for event in events]


def read_votes(arrival: Arrival) -> Sequence[Item]:
    """Return each vote of a request of v0.3; one that lacks something spoils the request, of which nothing is stored."""
    votes = _anything.decode(arrival.body)["events"]
    if len(votes) > BATCH_EVENTS:
        raise Rejected(RejectReason.TOO_MANY, f"Maximum {BATCH_EVENTS} events per request", field="events")
    browser, has_controls = read_browser(arrival.head), _may_hold_controls(arrival.body)
    return [_hit(vote, arrival, browser, vote_of, has_controls=has_controls) for vote in votes]


def has_votes(body: bytes) -> bool:
    """Say whether *body* is of v0.3: ``events`` are votes on prompts, and none says what type of event it is."""
    if (b'"promptId"' not in body and b'"value"' not in body) or b'"eventType"' in body or b'"event_type"' in body:
        return False
    try:
        said = _anything.decode(body)
    except (msgspec.MsgspecError, RecursionError, UnicodeError):
        return False
    events = said.get("events") if isinstance(said, dict) else None
    return bool(events) and isinstance(events, list) and all(isinstance(each, dict) and _is_vote(each) for each in events)


def word_events(arrival: Arrival, outcomes: list[Outcome]) -> Answer:
    """Answer with bilan's counts; 503 where a part could not be stored and 429 where one was too much, to be sent again."""
    return _worded(arrival, outcomes, {"success": True, "message": f"Processed {_new(outcomes)} events", "stats": _stats(outcomes)})


def word_votes(arrival: Arrival, outcomes: list[Outcome]) -> Answer:
    """Answer with the count of v0.3, of votes that are stored now, whether new or known."""
    for outcome in outcomes:
        if isinstance(outcome, Rejected):
            raise outcome
    return _worded(arrival, outcomes, {"success": True, "count": sum(isinstance(each, Stored) for each in outcomes)})


def refuse(failure: Failure) -> Answer:
    """Return *failure* in bilan's words: its own for what it refuses, and Fastify's for what that refuses for it."""
    return Answer(
        status=_status(failure), headers=(*JSON, *retry_headers(failure)), body=msgspec.json.encode(_document(failure))
    )


def _worded(arrival: Arrival, outcomes: list[Outcome], document: dict[str, Any]) -> Answer:
    failures = [outcome for outcome in outcomes if isinstance(outcome, Refused | Unavailable)]
    if failures:
        # What the caller may not do weighs more than what it should do again.
        worst = min(failures, key=lambda failure: _WEIGHTS.index(_status(failure)))
        return _with_stats(refuse(worst), arrival, worst, outcomes)
    dropped = next((outcome for outcome in outcomes if isinstance(outcome, Dropped)), None)
    headers = () if dropped is None else ((b"x-collector-dropped", dropped.reason.value.encode()),)
    return Answer(status=200, headers=(*JSON, *headers), body=msgspec.json.encode(document))


_WEIGHTS: Final = (401, 403, 503, 429, 500)
_UNAUTHENTICATED: Final = 401


def _with_stats(answer: Answer, arrival: Arrival, failure: Failure, outcomes: list[Outcome]) -> Answer:
    if answer.status == _UNAUTHENTICATED and not arrival.sender.credential:
        return structs.replace(answer, body=msgspec.json.encode({"error": "Missing API key"}))
    if not any(isinstance(outcome, Stored) for outcome in outcomes):
        return answer
    return structs.replace(answer, body=msgspec.json.encode(_document(failure) | {"stats": _stats(outcomes)}))


def _new(outcomes: list[Outcome]) -> int:
    return sum(isinstance(outcome, Stored) and not outcome.duplicate for outcome in outcomes)


def _stats(outcomes: list[Outcome]) -> dict[str, int]:
    """Count as bilan does: new, left out (known already, or dropped on purpose), in error, and all."""
    skipped = sum(isinstance(each, Dropped) or (isinstance(each, Stored) and each.duplicate) for each in outcomes)
    errors = sum(isinstance(outcome, Rejected | Refused | Unavailable) for outcome in outcomes)
    return {"processed": _new(outcomes), "skipped": skipped, "errors": errors, "total": len(outcomes)}


def _status(failure: Failure) -> int:
    if isinstance(failure, Unavailable):
        return 500 if failure.reason is UnavailableReason.DEFECT else 503
    return failure.status


def _document(failure: Failure) -> dict[str, Any]:
    match failure:
        case Refused(reason=RefuseReason.UNAUTHENTICATED):
            return {"error": "Invalid API key"}
        case Refused(reason=RefuseReason.FORBIDDEN):
            return {"error": "Forbidden", "message": "The API key does not allow this; use one that may send events."}
        case Refused():
            after = failure.retry_after or 1
            return _fastify(429, "Too Many Requests", f"Rate limit exceeded, retry in {after} seconds")
        case Unavailable(reason=UnavailableReason.DEFECT):
            return {"error": "Internal server error", "message": "Failed to process events"}
        case Unavailable():
            return {"error": "Service unavailable", "message": "Not every event could be stored; send them all again."}
        case Rejected():
            return _rejected(failure)


def _rejected(failure: Rejected) -> dict[str, Any]:
    match failure.reason:
        case RejectReason.TOO_MANY if failure.field == "events":
            return {"error": "Batch size too large", "message": failure.detail}
        case RejectReason.WRONG_TYPE if failure.field == "events":
            return {"error": failure.detail}
        case RejectReason.MISSING_FIELD:
            return {"error": "Missing required fields"}
        case RejectReason.TOO_LARGE if failure.status == _TOO_LARGE:
            return _fastify(413, "Payload Too Large", "Request body is too large", "FST_ERR_CTP_BODY_TOO_LARGE")
        case RejectReason.MEDIA_TYPE | RejectReason.ENCODING if failure.status == _UNSUPPORTED:
            return _fastify(415, "Unsupported Media Type", failure.detail, "FST_ERR_CTP_INVALID_MEDIA_TYPE")
        case RejectReason.METHOD:
            return {"message": failure.detail, "error": "Method Not Allowed", "statusCode": failure.status}
        case RejectReason.SHAPE if failure.field == _EMPTY:
            return _fastify(400, "Bad Request", failure.detail, "FST_ERR_CTP_EMPTY_JSON_BODY")
        case _:
            return _fastify(failure.status, "Bad Request", failure.detail)


_TOO_LARGE: Final = 413
_UNSUPPORTED: Final = 415
_EMPTY: Final = "body"


def _fastify(status: int, error: str, message: str, code: str = "") -> dict[str, Any]:
    named = {"code": code} if code else {}
    return {"statusCode": status, **named, "error": error, "message": message}


_NO_JSON: Final = object()


def _read_body(arrival: Arrival) -> Any:
    """Return what the body says; a text that is no JSON is one event that says nothing, as it is for bilan."""
    media = arrival.head.headers.get(b"content-type", b"").partition(b";")[0].strip().lower()
    if media not in JSON_MEDIA:
        raise Rejected(RejectReason.MEDIA_TYPE, "Unsupported Media Type", status=_UNSUPPORTED)
    if not arrival.body:
        detail = "Body cannot be empty when content-type is set to 'application/json'"
        raise Rejected(RejectReason.SHAPE, detail, field=_EMPTY)
    try:
        body = _anything.decode(arrival.body)
    except (msgspec.MsgspecError, RecursionError, UnicodeError):
        if media == b"text/plain":
            return _NO_JSON
        return parse_json(arrival.body, _anything)  # which says what is wrong
    _refuse_prototypes(arrival.body, body)
    return body


def _refuse_prototypes(body: bytes, said: Any) -> None:
    """Raise Rejected, as Fastify does, for names that reach behind an object in JavaScript."""
    if b"__proto__" not in body and b"prototype" not in body and b"\\u" not in body:
        return
    left = [said]
    while left:
        value = left.pop()
        if isinstance(value, dict):
            inner = value.get("constructor")
            if "__proto__" in value or (isinstance(inner, dict) and "prototype" in inner):
                raise Rejected(RejectReason.SHAPE, "Object contains forbidden prototype property")
            left.extend(value.values())
        elif isinstance(value, list):
            left.extend(value)


def _is_vote(event: dict[str, Any]) -> bool:
    return "promptId" in event or "value" in event


def _may_hold_controls(body: bytes) -> bool:
    return b"\x7f" in body or (b"\\" in body and (b"\\u00" in body or b"\\b" in body or b"\\f" in body))


def _hit(event: Any, arrival: Arrival, browser: Browser, claim: Claims, *, has_controls: bool) -> Hit:
    if not isinstance(event, dict):
        raise Rejected(RejectReason.WRONG_TYPE, "An event must be an object.")
    if has_controls:
        refuse_controls(event)
    claimed, sender = claim(event), arrival.sender
    return Hit(
        person=visitor_of(sender) if sender.is_server else browser.person(),
        sender=sender,
        site="" if sender.site else site_of_page(arrival.head),
        received_at=arrival.received_at,
        claim=claimed,
        key=checked_key(claimed.key or None),
        occurred_at=time_of(event),
        signals=browser.signals,
    )


_EVENTS: Final = Endpoint(
    template="/api/events",
    dialect="bilan",
    methods=("POST",),
    limit=BODY_BYTES,
    read=read_events,
    word=word_events,
    refuse=refuse,
    scope=Scope.INGEST,
    shown_key=key_of,
)
ENDPOINTS: Final = (
    _EVENTS,
    structs.replace(_EVENTS, read=read_votes, word=word_votes, mark=Mark(shape=has_votes)),
)
