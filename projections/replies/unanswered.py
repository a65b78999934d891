"""What is said under a system's mount where no handler is, or none for the method: that system's words, never ours."""

from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from http import HTTPStatus
from typing import Any, TypeAlias

from litestar import Response
from litestar.exceptions import HTTPException, MethodNotAllowedException, NotFoundException

from contracts.nowhere import mount_at, nowhere
from contracts.problem import Problem
from projections.query.answers import answer_problem, headers_of, log_if_unexpected, to_problem
from projections.query.api import PlainRequest
from projections.query.problems import Refused
from projections.replies.answering import System

Answering: TypeAlias = Callable[[PlainRequest, Exception], Response[Any]]
_OTHER_METHOD = Problem(status=405, title="Method Not Allowed", code="method", detail="This is read with GET.")


def errors_of(systems: Iterable[System], *, otherwise: Answering) -> dict[int | type[Exception], Any]:
    """Return the handlers of what no other one words: under the mount of one of *systems* as it does, else by *otherwise*."""
    mounted = {system.mount: system for system in systems}

    def answer(request: PlainRequest, error: Exception) -> Response[Any]:
        path = request.scope["path"]
        mount = mount_at(path)
        if mount is None:
            return otherwise(request, error)
        if isinstance(error, NotFoundException):
            said_id = request.headers.get("x-request-id", "")
            nothing = nowhere(mount, request.method, path, datetime.now(UTC), said_id)
            media = nothing.media.partition(";")[0]
            return Response(nothing.body, status_code=error.status_code, media_type=media, headers=nothing.headers)
        if mount not in mounted:
            return answer_problem(request, error)
        log_if_unexpected(error)
        problem = _OTHER_METHOD if isinstance(error, MethodNotAllowedException) else to_problem(error)
        refused = mounted[mount].refuse(request, problem)
        for name, value in headers_of(error).items():
            refused.headers.setdefault(name, value)
        return refused

    return dict.fromkeys((Refused, HTTPException, HTTPStatus.INTERNAL_SERVER_ERROR, Exception), answer)
