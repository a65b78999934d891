"""bilan-server as it is read: its addresses, the words of its refusals, and its health."""

from collections.abc import Awaitable, Callable, Mapping
from http import HTTPStatus
from typing import Any, Final, TypeAlias

from litestar import MediaType, Response, get
from litestar.di import NamedDependency

from contracts.mounts import Mount
from contracts.problem import Problem
from projections.projections import TURNS
from projections.query.access import KEY_HEADER, OPEN
from projections.query.api import Desk, PlainRequest
from projections.replies import answering
from projections.replies.answering import Answering, System
from projections.replies.bilan import dashboard, events, health, overview, stats, turns, votes
from projections.replies.bilan.question import Question, asked_by

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


def is_of_bilan(path: str, query: bytes) -> bool:
    """Say whether what is asked at the root is bilan's, although the address is the product's own: it asks for a user."""
    return path == "/api/stats" and (query.startswith(b"userId=") or b"&userId=" in query)


def refuse(request: PlainRequest, problem: Problem) -> Response[Any]:
    """Word *problem* as bilan-server does: an ``error``, and a ``message`` that says what to do."""
    document: dict[str, Any] = {"error": problem.title} | ({"message": problem.detail} if problem.detail else {})
    if problem.status == HTTPStatus.UNAUTHORIZED:
        shown = request.headers.get("authorization") or request.headers.get(KEY_HEADER)
        document = {"error": "Invalid API key" if shown else "Missing API key"}
    elif problem.status == HTTPStatus.METHOD_NOT_ALLOWED:
        document = {"statusCode": problem.status, **document}
    elif problem.status == HTTPStatus.INTERNAL_SERVER_ERROR:
        document = {"error": "Internal server error"}
    return Response(document, status_code=problem.status, media_type=MediaType.JSON)


def _answering(path: str, answer: Answer, *, at_root: bool) -> Answering:
    async def read(question: answering.Question) -> Response[Any]:
        return Response(await answer(asked_by(question)))

    return Answering(path=path, answer=read, of=TURNS, at_root=at_root)


BILAN: Final = System(
    mount=Mount.BILAN,
    answerings=(
        *(_answering(path, answer, at_root=True) for path, answer in ANSWERS.items()),
        *(_answering(path, answer, at_root=False) for path, answer in MOUNTED_ANSWERS.items()),
    ),
    refuse=refuse,
)


@get("/bilan/health", include_in_schema=False, opt={OPEN: True}, sync_to_thread=False)
def read_health(desk: NamedDependency[Desk]) -> Response[Any]:
    """Say that somebody answers."""
    return Response(health.health(desk.clock()))


@get(["/health/db", "/bilan/health/db"], include_in_schema=False, opt={OPEN: True})
async def read_database_health(desk: NamedDependency[Desk]) -> Response[Any]:
    """Say whether the database answers."""
    status, told = await health.database_health(desk.engine, desk.clock())
    return Response(told, status_code=status)


@get(["/health/detailed", "/bilan/health/detailed"], include_in_schema=False, opt={OPEN: True})
async def read_detailed_health(desk: NamedDependency[Desk]) -> Response[Any]:
    """Say how the server and its database are."""
    status, told = await health.detailed_health(desk.engine, desk.clock())
    return Response(told, status_code=status)


HEALTH: Final = (read_health, read_database_health, read_detailed_health)
