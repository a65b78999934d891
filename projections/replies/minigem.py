"""Minigem's read endpoints: its report, how its database is, and what was sent last for whoever shows a key."""

from collections.abc import Iterable, Mapping
from http import HTTPStatus
from typing import Any, Final

from litestar import Response
from litestar.connection import ASGIConnection
from sqlalchemy import text

from contracts.mounts import Mount
from contracts.problem import Problem
from projections.projections import PRODUCT
from projections.query.api import PlainRequest
from projections.query.mounts import ANYBODY
from projections.query.problems import unauthorized
from projections.query.product.recorded import last_actions, names_since
from projections.query.product.report import report
from projections.replies.answering import Answering, Question, System
from projections.replies.minigem_asked import Unreadable, limit_asked, since_asked, window_asked
from projections.replies.minigem_stats import NO_SYSTEM, NO_VERSION, in_iso, stats_of

STATS_DAYS: Final = 7
KEY_HEADER, KEY_PARAMETER = "x-stats-key", "key"
_DB_HEALTH: Final = "/dbhealth"
_DATABASE: Final = text("SELECT current_database() AS db, version() AS version")
# The variables whose values the original shows; here none is shown, set or not.
_ENV: Final = (
    *("PORT", "DATABASE_URL", "PGHOST", "PGUSER", "PGDATABASE", "PGPORT", "PGSSL"),
    *("LOG_FILE", "LOG_LEVEL", "DEBUG_DB", "DEBUG_STATS_TRACE"),
)


def system_over(days: int) -> System:
    """Return the system, whose report is about the last *days* unless a question says otherwise."""

    async def answer_stats(question: Question) -> Response[Any]:
        window = window_asked(_values(question), now=question.now, days=days)
        return Response(stats_of(await report(question.connection, question.caller, question.site, window)))

    return System(
        mount=Mount.MINIGEM,
        answerings=(
            Answering(path="/stats", answer=_or_unreadable(answer_stats), of=PRODUCT),
            Answering(path=_DB_HEALTH, answer=answer_db_health, of=None),
            Answering(path="/debug/recent", answer=_or_unreadable(answer_recent), of=PRODUCT),
            Answering(path="/debug/counts", answer=_or_unreadable(answer_counts), of=PRODUCT),
            Answering(path="/debug/env", answer=answer_env, of=None),
            Answering(path="/debug/logping", answer=answer_log_ping, of=None),
        ),
        refuse=refuse,
        shown_key=key_shown,
        days=days,
    )


def over_days(systems: Iterable[System], days: int) -> tuple[System, ...]:
    """Return *systems* with the report of this one about the last *days*."""
    return tuple(system_over(days) if system.mount is Mount.MINIGEM else system for system in systems)


async def answer_db_health(question: Question) -> Response[Any]:
    """Answer that there is a database, which and of what version."""
    row = (await question.connection.execute(_DATABASE)).one()
    return Response({"enabled": True, "ok": True, "db": row.db, "version": row.version})


async def answer_recent(question: Question) -> Response[Any]:
    """Answer the last events, one by one."""
    _require_key(question)
    limit = limit_asked(_values(question))
    rows = await last_actions(question.connection, question.caller, question.site, limit)
    return Response({"rows": [_row(action) for action in rows]})


async def answer_counts(question: Question) -> Response[Any]:
    """Answer how many events of each name there were in the last hours."""
    _require_key(question)
    since = since_asked(_values(question), question.now)
    counts = await names_since(question.connection, question.caller, question.site, since)
    return Response({"since": in_iso(since), "total": sum(counts.values()), "byEvent": counts})


async def answer_env(question: Question) -> Response[Any]:
    """Answer the names of the original's variables, and the value of none."""
    _require_key(question)
    return Response({"node": None, "port": None, "env": dict.fromkeys(_ENV)})


async def answer_log_ping(question: Question) -> Response[Any]:
    """Answer that there are logs, which are written to standard output and to no file."""
    _require_key(question)
    return Response({"ok": True, "file": None, "level": None})


def refuse(request: PlainRequest, problem: Problem) -> Response[Any]:
    """Return *problem* in Minigem's shape; a database that is away is an answer of /dbhealth's."""
    if problem.status == HTTPStatus.SERVICE_UNAVAILABLE and request.url.path.rstrip("/").endswith(_DB_HEALTH):
        return Response({"enabled": True, "ok": False, "error": problem.detail}, status_code=HTTPStatus.OK)
    if problem.status == HTTPStatus.UNAUTHORIZED:
        return Response({"error": "unauthorized"}, status_code=problem.status)
    if problem.status == HTTPStatus.METHOD_NOT_ALLOWED:
        told = {"statusCode": problem.status, "error": problem.title, "message": problem.detail}
        return Response(told, status_code=problem.status)
    return Response({"error": problem.code, "message": problem.detail or problem.title}, status_code=problem.status)


def key_shown(connection: ASGIConnection[Any, Any, Any, Any]) -> str:
    """Return the key in x-stats-key, or else in ``?key=``."""
    return connection.headers.get(KEY_HEADER, "").strip() or connection.query_params.get(KEY_PARAMETER, "").strip()


def _require_key(question: Question) -> None:
    """Raise Refused for whoever is let in without having shown anything: to this machine and to anybody it says nothing."""
    if question.caller.is_guest or question.caller.credential == ANYBODY:
        raise unauthorized()


def _values(question: Question) -> Mapping[str, str]:
    return dict(question.request.query_params)


def _or_unreadable(answer: Any) -> Any:
    async def answered(question: Question) -> Response[Any]:
        try:
            response: Response[Any] = await answer(question)
        except Unreadable as unreadable:
            words = {"error": unreadable.code, "message": unreadable.words}
            return Response(words, status_code=HTTPStatus.BAD_REQUEST)
        return response

    return answered


def _row(action: Mapping[str, Any]) -> dict[str, Any]:
    props = action["props"]
    return {
        "id": action["seq"],
        "t": in_iso(action["occurred_at"]),
        "anon": action["subject"],
        "evt": action["name"],
        "os": action["os"] or NO_SYSTEM,
        "ext": action["version"] or NO_VERSION,
        "vscode": action["host_version"] or NO_VERSION,
        "country": action["country"] or None,
        "region": action["region"] or None,
        "duration_ms": action["duration_ms"],
        "wait_ms_total": props.get("waitMsTotal"),
        "exit_code": action["exit_code"],
        "out_bytes_bucket": props.get("cumulativeBytesBucket"),
        "scanner_usage": props.get("scannerUsage"),
        "truncated_output": props.get("truncatedOutput"),
        "error_phase": props.get("phase"),
        "exception_hash": props.get("exceptionHash"),
    }


MINIGEM: Final = system_over(STATS_DAYS)
