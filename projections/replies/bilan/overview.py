"""Overview: GET /api/analytics/overview, and the summary of which bilan's README alone speaks."""

from datetime import UTC, datetime
from typing import Any

from projections.query.turns.facts import count_by_kind
from projections.query.turns.passages import conversations
from projections.query.turns.people import askers, count_subjects
from projections.query.turns.settled import feedback, settled_by_hour
from projections.query.turns.votes import votes_by_hour
from projections.replies.bilan import turns
from projections.replies.bilan.asked import Times, times_in
from projections.replies.bilan.event import type_of
from projections.replies.bilan.question import Question
from projections.replies.bilan.votes import total

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


async def overview(question: Question) -> dict[str, Any]:
    """Answer with how many events there are of each type."""
    times = times_in(question.given, question.now)
    window = await question.window(times)
    kinds = await count_by_kind(question.connection, window)
    return {
        "totalEvents": sum(count for _, _, count in kinds),
        "totalUsers": await count_subjects(question.connection, window),
        "eventTypes": [{"type": type_of(kind, name), "count": count} for kind, name, count in kinds],
        "timeRange": times.called,
        "dateRange": _dates(times, question.now),
    }


async def summary(question: Question) -> dict[str, Any]:
    """Answer with the counts of turns, votes and conversations, of one user where one is named."""
    connection, times = question.connection, times_in(question.given, question.now)
    window = await question.window(times)
    hours, people, ended = (
        await settled_by_hour(connection, window),
        await askers(connection, window),
        await feedback(connection, window),
    )
    passages = await conversations(connection, window)
    return {
        "timeRange": times.called,
        "dateRange": _dates(times, question.now),
        "totalEvents": sum(count for _, _, count in await count_by_kind(connection, window)),
        "totalUsers": await count_subjects(connection, window),
        "turns": turns.overview(hours, people, voted=ended.voted),
        "votes": total(await votes_by_hour(connection, window)),
        "conversations": {"started": passages.started, "ended": passages.ended},
    }


def _dates(times: Times, now: datetime) -> dict[str, str]:
    return {"start": iso(times.since or _EPOCH), "end": iso(times.until or now)}


def iso(moment: datetime) -> str:
    """Return *moment* as JavaScript's toISOString does."""
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
