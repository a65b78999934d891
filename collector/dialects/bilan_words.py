"""The words of bilan-server: its counts, its own refusals, and those that its framework, Fastify, has for it."""

from typing import Any, Final

import msgspec
from msgspec import structs

from collector.answer import Answer, retry_headers
from collector.arrival import Arrival
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

JSON: Final = ((b"content-type", b"application/json; charset=utf-8"),)
# As the field of a refusal: the list of events, and the body as a whole.
EVENTS, BODY = "events", "body"
_FORBIDDEN: Final = 403


def word_events(_: Arrival, outcomes: list[Outcome]) -> Answer:
    """Answer with bilan's counts; 503 where a part could not be stored and 429 where one was too much, to be sent again."""
    for outcome in outcomes:
        if isinstance(outcome, Rejected) and outcome.reason is RejectReason.UNBOUND:
            raise outcome
    return _worded(outcomes, {"success": True, "message": f"Processed {_new(outcomes)} events", "stats": _stats(outcomes)})


def word_votes(_: Arrival, outcomes: list[Outcome]) -> Answer:
    """Answer with the count of v0.3, of votes that are stored now, whether new or known."""
    for outcome in outcomes:
        if isinstance(outcome, Rejected):
            raise outcome
    return _worded(outcomes, {"success": True, "count": sum(isinstance(each, Stored) for each in outcomes)})


def refuse_events(failure: Failure) -> Answer:
    """Return *failure* as refuse does; what came without a key, and is for no site that takes such, lacks the key."""
    if isinstance(failure, Rejected) and failure.reason is RejectReason.UNBOUND and failure.status != _FORBIDDEN:
        return Answer(status=401, headers=JSON, body=msgspec.json.encode({"error": "Missing API key"}))
    return refuse(failure)


def refuse(failure: Failure) -> Answer:
    """Return *failure* in bilan's words: its own for what it refuses, and Fastify's for what that refuses for it."""
    return Answer(
        status=_status(failure), headers=(*JSON, *retry_headers(failure)), body=msgspec.json.encode(_document(failure))
    )


def _worded(outcomes: list[Outcome], document: dict[str, Any]) -> Answer:
    failures = [outcome for outcome in outcomes if isinstance(outcome, Refused | Unavailable)]
    if failures:
        return _failed(min(failures, key=lambda failure: _WEIGHTS.index(_status(failure))), outcomes)
    dropped = next((outcome for outcome in outcomes if isinstance(outcome, Dropped)), None)
    headers = () if dropped is None else ((b"x-collector-dropped", dropped.reason.value.encode()),)
    return Answer(status=200, headers=(*JSON, *headers), body=msgspec.json.encode(document))


# What the caller may not do weighs more than what it should do again.
_WEIGHTS: Final = (401, 403, 503, 429, 500)


def _failed(failure: Failure, outcomes: list[Outcome]) -> Answer:
    """Return *failure*, with the counts where a part was stored all the same."""
    answer = refuse(failure)
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
    match failure:
        case Rejected(reason=RejectReason.TOO_MANY, field="events"):
            return {"error": "Batch size too large", "message": failure.detail}
        case Rejected(reason=RejectReason.WRONG_TYPE, field="events") | Rejected(reason=RejectReason.MISSING_FIELD):
            return {"error": failure.detail}
        case Rejected(status=403):
            return {"error": "Forbidden", "message": failure.detail}
        case Rejected(field="body"):
            return _fastify(failure.status, "Bad Request", failure.detail, "FST_ERR_CTP_EMPTY_JSON_BODY")
    error, code = _FASTIFY.get(failure.status, ("Bad Request", ""))
    return _fastify(failure.status, error, _MESSAGES.get(failure.status, failure.detail), code)


_FASTIFY: Final = {
    404: ("Not Found", ""),
    405: ("Method Not Allowed", ""),
    413: ("Payload Too Large", "FST_ERR_CTP_BODY_TOO_LARGE"),
    415: ("Unsupported Media Type", "FST_ERR_CTP_INVALID_MEDIA_TYPE"),
}
_MESSAGES: Final = {413: "Request body is too large", 415: "Unsupported Media Type"}


def _fastify(status: int, error: str, message: str, code: str = "") -> dict[str, Any]:
    named = {"code": code} if code else {}
    return {"statusCode": status, **named, "error": error, "message": message}
