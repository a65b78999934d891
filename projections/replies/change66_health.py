"""Under the Change66 log server's own prefix: whether it is healthy, ready and alive, as its clients and probes ask."""

from datetime import UTC
from http import HTTPStatus
from typing import Any, Final

from litestar import Response, Router, get
from litestar.di import NamedDependency

from projections.query.access import OPEN
from projections.query.api import Desk, PlainRequest
from projections.query.database import check_tables
from projections.query.problems import Refused
from projections.replies.change66_words import VERSION, Since, document, moment_as_sent


@get("/health", include_in_schema=False, opt={OPEN: True})
async def show_health(desk: NamedDependency[Desk], request: PlainRequest) -> Response[Any]:
    """Say whether Postgres is there, and whether it holds the tables that are asked."""
    now = desk.clock()
    answered = {"timestamp": moment_as_sent(now.astimezone(UTC)), "version": VERSION, "uptime": _since(request).uptime(now)}
    lacking = await _lacking(desk)
    if not lacking:
        services = {"database": "healthy", "database_queries": "healthy"}
        return document(request, {"status": "healthy", **answered, "services": services})
    if lacking == "not_migrated":
        services = {"database": "healthy", "database_queries": "unhealthy"}
        return document(request, {"status": "degraded", **answered, "services": services}, status=HTTPStatus.PARTIAL_CONTENT)
    unhealthy = {"status": "unhealthy", **answered, "services": {"database": "unhealthy"}}
    return document(request, unhealthy, status=HTTPStatus.SERVICE_UNAVAILABLE)


@get("/readiness", include_in_schema=False, opt={OPEN: True})
async def show_readiness(desk: NamedDependency[Desk], request: PlainRequest) -> Response[Any]:
    """Say whether questions can be answered."""
    if await _lacking(desk):
        said = {"message": "Database not ready", "ready": False}
        return document(request, said, status=HTTPStatus.SERVICE_UNAVAILABLE)
    return document(request, {"message": "Service is ready", "ready": True})


@get("/liveness", include_in_schema=False, opt={OPEN: True}, sync_to_thread=False)
def show_liveness(desk: NamedDependency[Desk], request: PlainRequest) -> Response[Any]:
    """Say that the process runs, whatever it depends on."""
    return document(request, {"alive": True, "uptime": _since(request).uptime(desk.clock()), "version": VERSION})


HEALTH: Final = Router(path="/change66", route_handlers=[show_health, show_readiness, show_liveness])


def _since(request: PlainRequest) -> Since:
    since: Since = request.app.state.since
    return since


async def _lacking(desk: Desk) -> str:
    """Return the code of what keeps the database from answering, "" where nothing does."""
    try:
        await check_tables(desk.engine)
    except Refused as refusal:
        return refusal.problem.code
    return ""
