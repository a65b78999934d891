"""How the Change66 log server words its answers: what was stored, every error, and what each answer carries."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any, Final, TypeAlias

import msgspec

from collector.answer import Answer, Headers, retry_headers
from collector.arrival import Head
from collector.outcomes import (
    Failure,
    KeyEnded,
    Refused,
    RefuseReason,
    Rejected,
    RejectReason,
    UnavailableReason,
)
from contracts.nowhere import CHANGE66_SECURITY
from contracts.request_id import request_id

JSON: Final = ((b"content-type", b"application/json; charset=utf-8"),)
LARGEST_MB: Final = 10

# The name of a field in the server's own program, and what is wrong with it.
Fault: TypeAlias = tuple[str, str]

REQUIRED: Final = "This field is required"
SECURITY: Final = tuple((name.encode(), value.encode()) for name, value in CHANGE66_SECURITY.items())


class Worded(Rejected):
    """The request is malformed, and the log server has words of its own for it."""

    def __init__(self, reason: RejectReason, error: str, detail: str, faults: Sequence[Fault] = ()) -> None:
        super().__init__(reason, detail)
        self.error = error
        self.faults = faults


class KeyMissing(Refused):
    """No key was shown at all, which the log server tells from a wrong one."""

    def __init__(self) -> None:
        super().__init__(RefuseReason.UNAUTHENTICATED)


def carried(head: Head) -> Headers:
    """Return the headers that every answer carries: the id of the request, and what browsers are to refrain from."""
    named = request_id(head.header(b"x-request-id"), datetime.now(UTC))
    return (*SECURITY, (b"x-request-id", named.encode()))


def invalid_json() -> Worded:
    """Return the refusal of what cannot be read at all."""
    return Worded(RejectReason.NOT_JSON, "invalid_json", "Invalid JSON format")


def stored(message: str, data: dict[str, Any], headers: Headers = ()) -> Answer:
    """Answer that it was stored."""
    body = msgspec.json.encode({"success": True, "message": message, "data": data})
    return Answer(status=201, headers=(*JSON, *headers), body=body)


def known() -> Answer:
    """Answer that the stream has a line with this id."""
    return _error(409, "duplicate_event", "Event with this ID already exists")


def refuse_one(failure: Failure) -> Answer:
    """Word why a line was not stored."""
    return _refuse(failure, "Failed to store log")


def refuse_batch(failure: Failure) -> Answer:
    """Word why lines were not stored, or not all of them."""
    return _refuse(failure, "Failed to store logs")


def nowhere() -> Answer:
    """Answer that the key does not say for which site the lines are; success would have them thrown away."""
    return _error(
        404, "unknown_site", "The API key is for no one site that is open; use a key of the site that the logs are for"
    )


def foreign_origin() -> Answer:
    """Answer a page of an origin that may not send."""
    return Answer(status=403)


def _refuse(failure: Failure, failed: str) -> Answer:
    if isinstance(failure, Worded):
        return _error(failure.status, failure.error, failure.detail, failure.faults)
    if isinstance(failure, Rejected):
        return _rejected(failure)
    if isinstance(failure, Refused):
        return _refused(failure)
    if failure.reason is UnavailableReason.DEFECT:
        return _error(500, "internal_server_error", "An unexpected error occurred")
    return _error(503, "database_error", failed, headers=retry_headers(failure))


def _rejected(failure: Rejected) -> Answer:
    if failure.reason is RejectReason.TOO_LARGE:
        message = f"Request body too large. Maximum size is {LARGEST_MB} MB"
        return _error(413, "request_too_large", message)
    if failure.reason is RejectReason.UNBOUND:
        return nowhere()
    if failure.status == _BAD_REQUEST:
        return _error(400, "invalid_json", "Invalid JSON format")
    return _error(failure.status, failure.reason.value, failure.detail)


def _refused(failure: Refused) -> Answer:
    if failure.reason is RefuseReason.RATE_LIMITED:
        message = "Too many requests. Please slow down."
        return _error(429, "rate_limit_exceeded", message, headers=retry_headers(failure))
    if failure.reason is RefuseReason.FORBIDDEN:
        return _error(403, "forbidden", "The API key does not allow this; use one that may send logs for this site")
    if isinstance(failure, KeyMissing):
        return _error(401, "unauthorized", "API key is required")
    if isinstance(failure, KeyEnded):
        return _error(401, "unauthorized", "API key has expired")
    return _error(401, "unauthorized", "Invalid or inactive API key")


_BAD_REQUEST: Final = 400


def _error(status: int, error: str, message: str, faults: Sequence[Fault] = (), *, headers: Headers = ()) -> Answer:
    document: dict[str, Any] = {"error": error, "message": message}
    if faults:
        document["details"] = [{"field": field, "message": detail} for field, detail in faults]
    return Answer(status=status, headers=(*JSON, *headers), body=msgspec.json.encode(document))
