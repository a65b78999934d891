"""Nodash's words: its answers and its error documents, the latter to the letter where a client may match them."""

from datetime import UTC, datetime
from typing import Any, Final

import msgspec

from collector.answer import Answer, Headers, retry_headers
from collector.outcomes import (
    Dropped,
    Failure,
    Outcome,
    Refused,
    RefuseReason,
    Rejected,
    RejectReason,
    Unavailable,
    UnavailableReason,
)
from collector.record import uuid7

TENANT: Final = "x-tenant-id"
MISSING_TENANT: Final = f"Header '{TENANT}' is required when using manual tenant identification"
BLANK_TENANT: Final = f"Header '{TENANT}' must be a non-empty string"
_JSON: Final = (b"content-type", b"application/json; charset=utf-8")
# What its parser refused before the schema was asked; its documents of this have no request id.
_UNREADABLE: Final = frozenset({RejectReason.NOT_JSON, RejectReason.NOT_UTF8, RejectReason.TOO_DEEP, RejectReason.ENCODING})


class NothingShown(Refused):
    """No credential was shown at all, which is told in other words than one that is wrong."""

    def __init__(self) -> None:
        super().__init__(RefuseReason.UNAUTHENTICATED)


def stamp(at: datetime) -> str:
    """Return *at* as JavaScript writes it: milliseconds, and Z."""
    return f"{at.astimezone(UTC):%Y-%m-%dT%H:%M:%S}.{at.microsecond // 1000:03}Z"


def succeed(outcome: Outcome, said: dict[str, Any], at: datetime) -> Answer:
    """Answer 200 with what is *said*, and under which id the request is known."""
    request_id = uuid7(at)
    headers: Headers = (_JSON, (b"x-request-id", request_id.encode()))
    if isinstance(outcome, Dropped):
        headers = (*headers, (b"x-collector-dropped", outcome.reason.value.encode()))
    body = {"success": True, **said, "timestamp": stamp(at), "requestId": request_id}
    return Answer(status=200, headers=headers, body=msgspec.json.encode(body))


def refuse_track(failure: Failure) -> Answer:
    """Word why an event was not tracked."""
    return _refuse(failure, "track")


def refuse_identify(failure: Failure) -> Answer:
    """Word why a user was not identified."""
    return _refuse(failure, "identify")


def _refuse(failure: Failure, verb: str) -> Answer:
    match failure:
        case Rejected():
            return _rejected(failure, verb)
        case Refused():
            error, message = _REFUSALS[failure.reason]
            if isinstance(failure, NothingShown):
                error, message = "Authentication required", "Provide either Authorization header or API key"
            return _document(failure.status, error, message, headers=retry_headers(failure), retry_after=failure.retry_after)
        case Unavailable(reason=UnavailableReason.DEFECT):
            return _document(500, "Internal server error", f"Failed to process {verb} request")
    error = "Failed to store event" if verb == "track" else "Failed to store user data"
    message = "It could not be confirmed as stored; send it again after Retry-After seconds, with the same eventId or timestamp"
    return _document(503, error, message, headers=retry_headers(failure))


_REFUSALS: Final = {
    RefuseReason.UNAUTHENTICATED: ("Authentication failed", "Invalid or expired token"),
    RefuseReason.FORBIDDEN: ("Forbidden", f"The credential does not allow this, or is for another tenant than {TENANT} names"),
    RefuseReason.RATE_LIMITED: ("Rate limit exceeded", "Too many requests"),
}


_ERRORS: Final = {403: "Forbidden", 405: "Method Not Allowed", 413: "Payload Too Large"}


def _rejected(failure: Rejected, verb: str) -> Answer:
    if failure.detail == MISSING_TENANT:
        return _document(400, "Missing tenant ID", MISSING_TENANT)
    if failure.detail == BLANK_TENANT:
        return _document(400, "Invalid tenant ID", BLANK_TENANT)
    if failure.reason in _UNREADABLE:
        return _document(400, "Bad Request", "Invalid JSON in request body", is_numbered=False)
    if (error := _ERRORS.get(failure.status)) is not None:
        return _document(failure.status, error, failure.detail)
    return _document(400, f"Invalid {verb} request", failure.detail)


def _document(
    status: int,
    error: str,
    message: str,
    *,
    headers: Headers = (),
    is_numbered: bool = True,
    retry_after: int | None = None,
) -> Answer:
    now = datetime.now(UTC)  # nothing may have arrived
    request_id = uuid7(now)
    body: dict[str, Any] = {"error": error, "message": message, "statusCode": status, "timestamp": stamp(now)}
    if is_numbered:
        body["requestId"] = request_id
    if retry_after is not None:
        body["retryAfter"] = retry_after
    numbered = (b"x-request-id", request_id.encode())
    return Answer(status=status, headers=(_JSON, numbered, *headers), body=msgspec.json.encode(body))
