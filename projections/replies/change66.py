"""The Change66 log server's read endpoints: status, metrics, the newest lines, and the search with every filter."""

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Final
from urllib.parse import parse_qsl

from litestar import Response
from msgspec.structs import replace

from contracts.mounts import Mount
from projections.projections import LOGS
from projections.query.api import PlainRequest
from projections.query.logs.numbers import LogNumbers, numbers
from projections.query.logs.question import KINDS, LAST_MOMENT, MOST_LINES, PRIORITIES, LogQuestion, Order
from projections.query.logs.search import Line, count_lines, page_of, search
from projections.replies.answering import Answering, Question, System
from projections.replies.change66_words import VERSION, Since, done, line_as_sent, malformed, moment_as_sent, refuse
from projections.replies.people import standing_for

DEFAULT_LINES: Final = 50
MOST_FIELDS: Final = 64
LAST_PAGE: Final = 10**9
_WHOLE_NUMBER: Final = re.compile(r"[0-9]{1,18}")
_RFC_3339: Final = re.compile(r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}([.,]\d+)?(Z|[+-]\d{2}:\d{2})")


async def answer_recent(question: Question) -> Response[Any]:
    """Return the newest lines; a limit beyond the most is the usual one, as it always was."""
    limit = _number("limit", _asked(question.request), most=MOST_LINES, usual=DEFAULT_LINES)
    lines = await search(question.connection, replace(_everything(question), limit=limit))
    return done(question.request, f"Retrieved {len(lines)} recent logs", _as_sent(lines))


async def answer_filtered(question: Question) -> Response[Any]:
    """Return one page of the lines that fit every filter."""
    values, connection = _asked(question.request), question.connection
    user, session = [
        await standing_for(values.get(name, ""), connection, question.subjects, caller=question.caller, site=question.site)
        for name in ("user_id", "session_id")
    ]
    asked = replace(_filtered(values, _everything(question)), subjects=user, sessions=session)
    total = await count_lines(connection, asked)
    lines = await page_of(connection, asked, total)
    size = asked.limit
    page, pages = asked.offset // size + 1, -(-total // size)
    found = {"logs": _as_sent(lines), "total_count": total, "page": page, "page_size": size, "total_pages": pages}
    return done(question.request, f"Retrieved {len(lines)} filtered logs (page {page} of {pages})", found)


async def answer_metrics(question: Question) -> Response[Any]:
    """Return how many lines there are, and of which types those of the last day are."""
    found = await numbers(question.connection, _everything(question), question.now)
    return done(question.request, "Metrics retrieved successfully", _metrics(found))


async def answer_status(question: Question) -> Response[Any]:
    """Return how the service is and what it holds."""
    found = await numbers(question.connection, _everything(question), question.now)
    since: Since = question.request.app.state.since
    document = {
        "database": {"status": "healthy", "total_logs": found.total},
        "metrics": _metrics(found),
        "service": {
            "name": "log-ingestion-server",
            "started_at": moment_as_sent(since.at.replace(microsecond=0)),
            "uptime": since.uptime(question.now),
            "version": VERSION,
        },
    }
    return done(question.request, "Status retrieved successfully", document)


SYSTEM: Final = System(
    mount=Mount.CHANGE66,
    answerings=(
        Answering(path="/api/v1/logs/recent", answer=answer_recent, of=LOGS),
        Answering(path="/api/v1/logs/filter", answer=answer_filtered, of=LOGS),
        Answering(path="/api/v1/metrics", answer=answer_metrics, of=LOGS),
        Answering(path="/api/v1/status", answer=answer_status, of=LOGS),
    ),
    refuse=refuse,
)


def _everything(question: Question) -> LogQuestion:
    return LogQuestion(caller=question.caller, site=question.site)


def _metrics(found: LogNumbers) -> dict[str, Any]:
    """Return *found* as the log server wrote it; it never computed latencies or errors, which /metrics has."""
    return {
        "total_logs": found.total,
        "logs_last_hour": found.last_hour,
        "logs_last_day": found.last_day,
        "average_latency_ms": 0,
        "error_rate_percent": 0,
        "active_sessions": found.active_sessions,
        "top_event_types": [{"event_type": one.kind, "count": one.lines} for one in found.kinds] or None,
    }


def _as_sent(lines: list[Line]) -> list[dict[str, Any]] | None:
    return [line_as_sent(line) for line in lines] or None


def _asked(request: PlainRequest) -> dict[str, str]:
    """Return the parameters, of which unknown ones are ignored and of each the first counts, as there."""
    try:
        text = request.scope["query_string"].decode("ascii")
        pairs = parse_qsl(text, keep_blank_values=True, errors="strict", max_num_fields=MOST_FIELDS)
    except ValueError:
        raise malformed("invalid_query", f"The query must be percent-encoded UTF-8 of at most {MOST_FIELDS} fields") from None
    if "\0" in text or any("\0" in part for pair in pairs for part in pair):
        raise malformed("invalid_query", "The query must not hold the character NUL")
    return dict(reversed(pairs))


def _filtered(values: Mapping[str, str], everything: LogQuestion) -> LogQuestion:
    page = _number("page", values, most=LAST_PAGE, usual=1)
    size = _number("page_size", values, most=MOST_LINES, usual=DEFAULT_LINES)
    sort = values.get("sort_by", "")
    return replace(
        everything,
        since=_time("start_time", values),
        until=_time("end_time", values),
        kind=_one_of("event_type", KINDS, values, f"must be one of: {', '.join(KINDS)}"),
        priority=_one_of("priority", PRIORITIES, values, "must be either 'normal' or 'high'"),
        name=values.get("event_name", ""),
        app_version=_version(values.get("app_version", "")),
        provider=values.get("provider_name", ""),
        order=Order(sort) if sort in set(Order) else Order.RECEIVED,
        ascending=values.get("sort_order") in ("asc", "ASC"),
        limit=size,
        offset=(page - 1) * size,
    )


def _version(text: str) -> str:
    # The documented ?app_version=2.0.0+6 is written with a bare plus, which a query means a blank by.
    return text.replace(" ", "+")


def _time(field: str, values: Mapping[str, str]) -> datetime | None:
    text = values.get(field, "")
    if not text:
        return None
    try:
        if _RFC_3339.fullmatch(text.replace(" ", "+")):
            return min(datetime.fromisoformat(text.replace(" ", "+")).astimezone(UTC), LAST_MOMENT)
    except (ValueError, OverflowError):
        pass
    raise malformed(f"invalid_{field}", f"{field} must be in RFC3339 format (e.g., 2023-01-01T00:00:00Z)")


def _one_of(field: str, known: tuple[str, ...], values: Mapping[str, str], detail: str) -> str:
    said = values.get(field, "")
    if said and said not in known:
        raise malformed(f"invalid_{field}", f"{field} {detail}")
    return said


def _number(field: str, values: Mapping[str, str], *, most: int, usual: int) -> int:
    """Return a number from 1 to *most*, *usual* for one beyond them or none; what is no whole number is refused."""
    text = values.get(field, "")
    if not text:
        return usual
    if _WHOLE_NUMBER.fullmatch(text) is None:
        raise malformed(f"invalid_{field}", f"{field} must be a whole number from 1 to {most}")
    return int(text) if 1 <= int(text) <= most else usual
