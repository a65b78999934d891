"""Handlers: bilan-server's read endpoints as routes, and how a refusal is worded for its clients."""

from collections.abc import Awaitable, Callable, Mapping
from http import HTTPStatus
from typing import Any, Final, TypeAlias

from litestar import MediaType, Response, get
from litestar.di import NamedDependency
from litestar.exceptions import HTTPException
from litestar.handlers import HTTPRouteHandler

from projections.query.access import KEY_HEADER, OPEN
from projections.query.answers import headers_of, log_if_unexpected, to_problem
from projections.query.api import Desk, PlainRequest
from projections.query.caller import Caller
from projections.query.database import reading
from projections.query.problems import Refused
from projections.replies.bilan import dashboard, events, health, overview, stats, turns, votes
from projections.replies.bilan.asked import Wrong, parameters
from projections.replies.bilan.question import Question
from projections.replies.site import site_for

Answer: TypeAlias = Callable[[Question], Awaitable[dict[str, Any]]]

# Each address with what answers there; a piece in braces is a parameter of the path.
ANSWERS: Final[Mapping[str, Answer]] = {
    "/api/events": events.events,
    "/api/analytics/votes": votes.votes,
    "/api/analytics/turns": turns.turns,
    "/api/analytics/overview": overview.overview,
    "/api/analytics/summary": overview.summary,
    "/api/dashboard": dashboard.dashboard,
    "/api/turns/{turn:str}/stats": stats.of_turn,
    "/api/prompts/{prompt:str}/stats": stats.of_prompt,
}
# At the root these are somebody else's.
MOUNTED_ANSWERS: Final[Mapping[str, Answer]] = {
    "/api/stats": stats.of_user,
    "/api/stats/prompt/{prompt:str}": stats.of_prompt_before,
}


def answer_wrong(request: PlainRequest, error: Exception) -> Response[Any]:
    """Answer *error* as bilan-server does: an ``error``, and a ``message`` that says what to do."""
    log_if_unexpected(error)
    if isinstance(error, Wrong):
        return Response(error.document(), status_code=error.status)
    problem = to_problem(error)
    if problem.status == HTTPStatus.UNAUTHORIZED:
        shown = request.headers.get("authorization") or request.headers.get(KEY_HEADER)
        document = {"error": "Invalid API key" if shown else "Missing API key"}
    elif problem.status == HTTPStatus.INTERNAL_SERVER_ERROR:
        document = {"error": "Internal server error"}
    else:
        document = {"error": problem.title, "message": problem.detail or problem.title, "code": problem.code}
    return Response(document, status_code=problem.status, headers=headers_of(error), media_type=MediaType.JSON)


_ERRORS: Final[dict[int | type[Exception], Any]] = dict.fromkeys(
    (Wrong, Refused, HTTPException, HTTPStatus.INTERNAL_SERVER_ERROR, Exception), answer_wrong
)


def answering(path: str, answer: Answer) -> HTTPRouteHandler:
    """Return the route at *path* that says what *answer* finds."""

    @get(path, include_in_schema=False, exception_handlers=_ERRORS)
    async def read(desk: NamedDependency[Desk], caller: NamedDependency[Caller], request: PlainRequest) -> Response[Any]:
        given = parameters(request.scope["query_string"])
        async with reading(desk.engine, caller) as connection:
            site = await site_for(connection, caller, desk.listing, named=given.get("site", ""))
            question = Question(
                connection=connection,
                tenant=caller.tenant,
                site=site,
                now=desk.clock(),
                given=given,
                path=request.path_params,
                vault=request.app.state.vault,
            )
            return Response(await answer(question))

    return read


@get("/health", include_in_schema=False, opt={OPEN: True}, sync_to_thread=False)
def read_health(desk: NamedDependency[Desk]) -> Response[Any]:
    """Say that somebody answers."""
    return Response(health.health(desk.clock()))


@get("/health/db", include_in_schema=False, opt={OPEN: True})
async def read_database_health(desk: NamedDependency[Desk]) -> Response[Any]:
    """Say whether the database answers."""
    status, told = await health.database_health(desk.engine, desk.clock())
    return Response(told, status_code=status)


@get("/health/detailed", include_in_schema=False, opt={OPEN: True})
async def read_detailed_health(desk: NamedDependency[Desk]) -> Response[Any]:
    """Say how the server and its database are."""
    status, told = await health.detailed_health(desk.engine, desk.clock())
    return Response(told, status_code=status)


# Of the root and of the mount, and those that the mount alone has.
AT_ROOT: Final = (
    *(answering(path, answer) for path, answer in ANSWERS.items()),
    *(read_database_health, read_detailed_health),
)
MOUNTED: Final = (*AT_ROOT, *(answering(path, answer) for path, answer in MOUNTED_ANSWERS.items()), read_health)
