"""How the Change66 log server words its answers: documents, errors, lines, moments and how long it has been up."""

from datetime import UTC, datetime
from http import HTTPStatus
from importlib.metadata import version
from typing import Any, Final

import msgspec
from litestar import Response
from msgspec import Struct

from contracts.events.logs import number_of
from contracts.problem import Problem
from contracts.request_id import request_id
from projections.query.access import KEY_HEADER, showed_an_ended_key
from projections.query.api import PlainRequest
from projections.query.logs.nested import nested
from projections.query.logs.search import Line
from projections.query.problems import Refused

VERSION: Final = version("collector")
_JSON: Final = "application/json; charset=utf-8"
_SECURITY: Final = {"X-XSS-Protection": "1; mode=block"}


def malformed(error: str, message: str) -> Refused:
    """Return the refusal of a parameter that cannot be read: *error* and *message* are the system's own words."""
    return Refused(Problem(status=HTTPStatus.BAD_REQUEST, title="A parameter cannot be read", code=error, detail=message))


class Since(Struct, frozen=True, kw_only=True):
    """Since when this process answers."""

    at: datetime

    def uptime(self, now: datetime) -> str:
        """Return how long that is, as Go writes a duration: 1h2m3.5s."""
        microseconds = max(round((now - self.at).total_seconds() * 1_000_000), 0)
        minutes, rest = divmod(microseconds, 60_000_000)
        seconds = f"{rest / 1_000_000:.6f}".rstrip("0").rstrip(".") + "s"
        hours, minutes = divmod(minutes, 60)
        if hours:
            return f"{hours}h{minutes}m{seconds}"
        return f"{minutes}m{seconds}" if minutes else seconds


def done(request: PlainRequest, message: str, data: Any) -> Response[bytes]:
    """Answer with *data*."""
    return document(request, {"success": True, "message": message, "data": data})


def line_as_sent(line: Line) -> dict[str, Any]:
    """Return *line* in the system's own form; nobody has ever set ``processed_at``."""
    return {
        "id": number_of(line.event_id),
        "event_id": line.key or line.event_id,
        "timestamp": moment_as_sent(line.occurred_at),
        "event_type": line.kind,
        "event_name": line.name,
        "properties": nested(line.props),
        "user_id": line.subject or None,
        "session_id": line.session or None,
        "app_version": line.app_version or None,
        "device_info": nested(line.device),
        "sequence_number": line.sequence,
        "priority": line.priority,
        "created_at": moment_as_sent(line.received_at),
        "processed_at": None,
    }


def moment_as_sent(at: datetime) -> str:
    """Return *at* in UTC as RFC 3339 with as many decimals as it has."""
    whole, _, decimals = at.astimezone(UTC).replace(tzinfo=None).isoformat().partition(".")
    decimals = decimals.rstrip("0")
    return f"{whole}.{decimals}Z" if decimals else f"{whole}Z"


def refuse(request: PlainRequest, problem: Problem) -> Response[bytes]:
    """Answer *problem* in the system's own words, where it had any."""
    code, message = _words(request, problem)
    return document(request, {"error": code, "message": message}, status=problem.status)


def _words(request: PlainRequest, problem: Problem) -> tuple[str, str]:
    match problem.status:
        case HTTPStatus.BAD_REQUEST:
            return problem.code, problem.detail
        case HTTPStatus.UNAUTHORIZED:
            return "unauthorized", _what_is_wrong_with_the_key(request)
        case HTTPStatus.TOO_MANY_REQUESTS:
            return "rate_limit_exceeded", "Too many requests. Please slow down."
        case HTTPStatus.SERVICE_UNAVAILABLE:
            last = request.scope["path"].rstrip("/").rpartition("/")[2]
            return "database_error", f"Failed to retrieve {_WHAT.get(last, last)}"
        case HTTPStatus.INTERNAL_SERVER_ERROR:
            return "internal_server_error", "An unexpected error occurred"
    return HTTPStatus(problem.status).name.lower(), problem.detail or problem.title


def _what_is_wrong_with_the_key(request: PlainRequest) -> str:
    if showed_an_ended_key(request):
        return "API key has expired"
    is_shown = bool(request.headers.get("authorization") or request.headers.get(KEY_HEADER))
    return "Invalid or inactive API key" if is_shown else "API key is required"


_WHAT: Final = {"recent": "logs", "filter": "filtered logs"}


def document(request: PlainRequest, said: Any, *, status: int = HTTPStatus.OK) -> Response[bytes]:
    """Return *said* as the system's answer, with the headers that all of its answers carry."""
    named = request_id(request.headers.get("x-request-id", ""), datetime.now(UTC))
    carried = {**_SECURITY, "X-Request-ID": named}
    return Response(msgspec.json.encode(said), status_code=status, media_type=_JSON, headers=carried)
