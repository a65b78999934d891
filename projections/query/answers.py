"""How an answer leaves the house when it is not the one that was asked for, and what every answer carries along."""

import logging
import traceback
from http import HTTPStatus
from typing import Any

from litestar import Request, Response
from litestar.datastructures import MutableScopeHeaders
from litestar.exceptions import HTTPException
from litestar.types import Message, Scope

from contracts.problem import MEDIA_TYPE, Problem
from projections.query.problems import Refused

_LOG = logging.getLogger(__name__)

_SECURITY = {
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    # Not no-referrer: it would take the Origin from our own forms, which is what tells them from others' forms.
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "X-Robots-Tag": "noindex, nofollow",
}


async def add_security_headers(message: Message, _: Scope) -> None:
    """Add to every answer what browsers need to know; answers are not for caches unless they say so."""
    if message["type"] != "http.response.start":
        return
    headers = MutableScopeHeaders.from_message(message)
    for name, value in _SECURITY.items():
        headers[name] = value
    headers.setdefault("Cache-Control", "no-store")


def to_problem(error: Exception) -> Problem:
    """Return what to say about *error*: our own refusals in full, the framework's by their status, a bug by nothing at all."""
    if isinstance(error, Refused):
        return error.problem
    status = error.status_code if isinstance(error, HTTPException) else HTTPStatus.INTERNAL_SERVER_ERROR
    return _ORDINARY.get(status, Problem(status=status, title=HTTPStatus(status).phrase, code="http_error"))


def headers_of(error: Exception) -> dict[str, str]:
    """Return the headers that belong to *error*, such as the methods that a 405 has to name."""
    if isinstance(error, Refused):
        return error.headers()
    return dict(error.headers or {}) if isinstance(error, HTTPException) else {}


_ORDINARY: dict[int, Problem] = {
    problem.status: problem
    for problem in (
        Problem(
            status=404, title="There is nothing here", code="not_found", detail="The API is described at /schema/openapi.json."
        ),
        Problem(status=405, title="The method does not fit", code="method", detail="Use GET for answers and pages."),
        Problem(
            status=500, title="Something went wrong", code="internal_error", detail="It has been logged; please report it."
        ),
    )
}


def answer_problem(_: Request[Any, Any, Any], error: Exception) -> Response[bytes]:
    """Answer *error* as a problem document."""
    log_if_unexpected(error)
    problem = to_problem(error)
    headers = headers_of(error)
    return Response(problem.body(), status_code=problem.status, media_type=MEDIA_TYPE, headers=headers)


def log_if_unexpected(error: Exception) -> None:
    """Log a bug by its kind and place; its words may quote what was asked."""
    if isinstance(error, Refused | HTTPException):
        return
    frame = traceback.extract_tb(error.__traceback__)[-1]
    _LOG.error("unexpected %s in %s:%s", type(error).__name__, frame.name, frame.lineno)
