"""How the administration answers what it does not do: a problem document for each reason, and nothing of what was sent."""

import logging
import traceback
from http import HTTPStatus
from typing import Any, Final

from litestar import MediaType, Request, Response
from litestar.exceptions import HTTPException

from collector.control.admin.forms import onward_of
from collector.control.admin.shown import PAGE_POLICY, page_saying
from collector.control.bucket import Overtaken, VaultUnavailable
from collector.control.decided import Lost, Reason, Undecided
from collector.control.denied import Denied, DeniedReason
from collector.control.master_key import VaultClosed
from collector.outcomes import Unavailable
from contracts.below import below_of
from contracts.problem import MEDIA_TYPE, Problem

log = logging.getLogger(__name__)

_STATUS: Final = {
    DeniedReason.WRONG_SIGN_IN: 401,
    DeniedReason.SLOWED: 429,
    DeniedReason.PACE: 429,
    DeniedReason.BUSY: 503,
    DeniedReason.NOT_SIGNED_IN: 401,
    DeniedReason.NO_INVITATION: 404,
    DeniedReason.NAME: 400,
    DeniedReason.NAME_TAKEN: 409,
    DeniedReason.ADDRESS: 400,
    DeniedReason.PASSWORD: 400,
    DeniedReason.NO_SESSION: 404,
    DeniedReason.CHANGED: 409,
    DeniedReason.TOKEN: 401,
}
_UNDECIDED: Final = {Reason.INVALID: 400, Reason.NOT_FOUND: 404, Reason.CONFLICT: 409}
_TITLES: Final = {
    400: "The request cannot be read.",
    401: "Nobody is signed in.",
    403: "This is not open to you.",
    404: "There is nothing here.",
    405: "The method does not fit.",
    409: "It cannot be so.",
    413: "The body is too large.",
    429: "Too many tries.",
    500: "Something went wrong.",
    503: "No answer is possible now.",
}
_AWAY: Final = "NATS does not answer. Try again in a moment; `collector doctor` says more."
_ORDINARY: Final = {
    400: "Send the fields that the API's description at /v1/admin/schema/openapi.json names, each of its type.",
    405: "The API's description at /v1/admin/schema/openapi.json names the methods.",
    413: "Send a shorter body.",
    500: "It has been logged; please report it.",
}


class Refused(Exception):
    """A request that is none of the administration's to answer: *problem* says what is wrong, and what to do."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(problem.title)
        self.problem = problem


def forbidden(code: str, detail: str) -> Refused:
    """Return the refusal of a request that comes from the wrong place."""
    return Refused(Problem(status=403, title=_TITLES[403], code=code, detail=detail))


def problem_for(status: int) -> Problem:
    """Return what is said of *status* where there is nothing more to say."""
    title = _TITLES.get(status, HTTPStatus(status).phrase)
    return Problem(status=status, title=title, code=_code(status), detail=_ORDINARY.get(status, ""))


def problem_of(error: Exception) -> tuple[Problem, dict[str, str]]:
    """Return what to say about *error*, and the headers that belong to it; of a defect nothing is said."""
    match error:
        case Refused():
            return error.problem, {}
        case Denied():
            return _denied(error)
        case Undecided() | VaultClosed() | VaultUnavailable() | Unavailable():
            return _kept_from(error)
        case Overtaken():
            return _denied(Denied(DeniedReason.CHANGED))
        case HTTPException():
            return problem_for(error.status_code), dict(error.headers or {})
    # JSON that is nested without end is no defect of ours.
    return problem_for(400 if isinstance(error, RecursionError) else 500), {}


def answer_problem(request: Request[Any, Any, Any], error: Exception) -> Response[Any]:
    """Answer *error* as a problem document, as a page to a form that a browser has sent by itself."""
    problem, headers = problem_of(error)
    if problem.status == HTTPStatus.INTERNAL_SERVER_ERROR:
        frame = traceback.extract_tb(error.__traceback__)[-1]
        log.error("unexpected %s in %s:%s", type(error).__name__, frame.name, frame.lineno)
    onward = onward_of(request.scope)
    if onward is None or MediaType.HTML not in request.headers.get("accept", ""):
        return Response(problem.body(), status_code=problem.status, media_type=MEDIA_TYPE, headers=headers)
    page = page_saying(problem, onward=onward, below=below_of(request.scope))
    headers = headers | {"Content-Security-Policy": PAGE_POLICY}
    return Response(page, status_code=problem.status, media_type=MediaType.HTML, headers=headers)


EXCEPTION_HANDLERS: Final[dict[int | type[Exception], Any]] = dict.fromkeys(
    (
        *(Refused, Denied, Undecided, VaultClosed, VaultUnavailable, Unavailable, Overtaken),
        *(RecursionError, HTTPException, HTTPStatus.INTERNAL_SERVER_ERROR, Exception),
    ),
    answer_problem,
)


def _kept_from(error: Undecided | VaultClosed | VaultUnavailable | Unavailable) -> tuple[Problem, dict[str, str]]:
    if isinstance(error, VaultClosed):  # waiting does not help
        return Problem(status=503, title=_TITLES[503], code=error.reason.value, detail=str(error)), {}
    if isinstance(error, Lost):
        return Problem(status=503, title=_TITLES[503], code="control_lost", detail=str(error)), {}
    if not isinstance(error, Undecided) or error.reason is Reason.UNAVAILABLE:
        return Problem(status=503, title=_TITLES[503], code="control_unavailable", detail=_AWAY), {"Retry-After": "2"}
    status = _UNDECIDED[error.reason]
    problem = Problem(status=status, title=_TITLES[status], code=error.reason.value, detail=str(error), field=error.field)
    return problem, {}


def _denied(denied: Denied) -> tuple[Problem, dict[str, str]]:
    status = _STATUS[denied.reason]
    problem = Problem(status=status, title=_TITLES[status], code=denied.reason.value, detail=str(denied), field=denied.field)
    return problem, {} if denied.retry_after is None else {"Retry-After": str(denied.retry_after)}


def _code(status: int) -> str:
    return HTTPStatus(status).phrase.lower().replace(" ", "_")
