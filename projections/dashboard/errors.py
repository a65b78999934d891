"""What a page says when there is no answer: the problem in plain words, and a way on."""

from http import HTTPStatus
from typing import Any
from urllib.parse import quote

from litestar import MediaType, Response
from litestar.exceptions import HTTPException
from litestar.response import Redirect
from msgspec.structs import replace

from contracts.below import below_of
from projections.dashboard.views import Views
from projections.query.answers import answer_problem, headers_of, log_if_unexpected, to_problem
from projections.query.api import PlainRequest
from projections.query.problems import Refused

_LONGEST_QUERY = 8 * 1024
_NOBODY = Views(public_url="")


def answer_page(request: PlainRequest, error: Exception) -> Response[Any]:
    """Answer *error* as a page; who has not signed in is led to the form and back."""
    log_if_unexpected(error)
    if isinstance(error, Refused) and error.challenge and request.method == "GET":
        return Redirect(f"/login?next={quote(_path_of(request), safe='/')}", status_code=303)
    problem = to_problem(error)
    views = replace(_NOBODY, below=below_of(request.scope))
    html = views.render("problem.html", problem=problem, onward=_onward(request, problem.status))
    return Response(html, status_code=problem.status, media_type=MediaType.HTML, headers=headers_of(error))


def answer_reader(request: PlainRequest, error: Exception) -> Response[Any]:
    """Answer *error* at an address that is no page: as a page all the same to a browser, else as a problem document."""
    is_browser = MediaType.HTML in request.headers.get("accept", "")
    return answer_page(request, error) if is_browser else answer_problem(request, error)


def _onward(request: PlainRequest, status: int) -> str:
    """Return the page of the site that was asked about, in its usual state, where that can be answered; else ""."""
    site = request.path_params.get("site")
    is_worth_a_try = status in (HTTPStatus.BAD_REQUEST, HTTPStatus.SERVICE_UNAVAILABLE)
    return f"/sites/{quote(str(site))}" if site and is_worth_a_try else ""


def _path_of(request: PlainRequest) -> str:
    query = request.scope["query_string"].decode("ascii", errors="ignore")
    # Escaped once more, what is long fits no address: then it is the page without what narrows it.
    return request.scope["path"] + (f"?{query}" if 0 < len(query) <= _LONGEST_QUERY else "")


PAGE_ERRORS: dict[int | type[Exception], Any] = dict.fromkeys(
    (Refused, HTTPException, HTTPStatus.INTERNAL_SERVER_ERROR, Exception), answer_page
)
