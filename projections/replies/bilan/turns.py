"""Turns: GET /api/analytics/turns, from the turns that ended in the time that is asked about."""

from collections.abc import Callable, Iterable, Sequence
from itertools import groupby
from typing import Any

from projections.query.turns.people import Askers, askers
from projections.query.turns.quality import By, Quality, told_apart
from projections.query.turns.settled import SettledHour, errors, settled_by_hour, times
from projections.replies.bilan.asked import times_in
from projections.replies.bilan.question import Question
from projections.replies.bilan.votes import interval, percent

# What turns are told apart by, beyond what bilan has, as its documents spell it.
_APART = {"byModel": By.MODEL, "byPromptVersion": By.PROMPT_VERSION, "byJourneyStep": By.STEP}


async def turns(question: Question) -> dict[str, Any]:
    """Answer with everything about the turns that ended."""
    connection, window = question.connection, await question.window(times_in(question.given, question.now))
    hours = await settled_by_hour(connection, window)
    people = await askers(connection, window)
    whole, apart = await told_apart(connection, window, list(_APART.values()))
    return {
        "overview": overview(hours, askers=people.subjects, voted=whole.voted),
        "trends": {"daily": _daily(hours), "hourly": _hourly(hours)},
        "userBehavior": {"topUsers": _top(people)},
        "performance": {
            "responseTimeDistribution": _distribution(await times(connection, window)),
            "errorTypes": _errors(await errors(connection, window)),
        },
        "quality": {
            "overall": _quality(whole),
            **{name: [_named(row) for row in apart[by]] for name, by in _APART.items()},
        },
    }


def overview(hours: Sequence[SettledHour], *, askers: int, voted: int) -> dict[str, Any]:
    """Return the counts of all turns that ended."""
    counted = _total(hours)
    timed, milliseconds = sum(hour.timed for hour in hours), sum(hour.total_ms for hour in hours)
    return {
        **counted,
        "turnsWithFeedback": voted,
        "averageResponseTime": milliseconds / timed if timed else 0,
        "uniqueUsers": askers,
    }


def _total(hours: Iterable[SettledHour]) -> dict[str, Any]:
    hours = list(hours)
    every, answered = sum(hour.turns for hour in hours), sum(hour.answered for hour in hours)
    return {
        "totalTurns": every,
        "completedTurns": answered,
        "failedTurns": every - answered,
        "successRate": percent(answered, every),
    }


def _daily(hours: Sequence[SettledHour]) -> list[dict[str, Any]]:
    by_day: Callable[[SettledHour], Any] = lambda hour: hour.day  # noqa: E731  # what it is grouped by, said once
    return [{"date": day.isoformat(), **_total(several)} for day, several in groupby(hours, by_day)]


def _hourly(hours: Sequence[SettledHour]) -> list[dict[str, Any]]:
    return [{"hour": clock, **_total(hour for hour in hours if hour.hour == clock)} for clock in range(24)]


def _top(people: Askers) -> list[dict[str, Any]]:
    return [
        {
            "userId": one.subject,
            "totalTurns": one.turns,
            "completedTurns": one.answered,
            "averageResponseTime": one.mean_ms,
            "successRate": percent(one.answered, one.turns),
        }
        for one in people.top
    ]


def _distribution(found: dict[str, int]) -> list[dict[str, Any]]:
    every = sum(found.values())
    return [{"bucket": name, "count": count, "percentage": percent(count, every)} for name, count in found.items()]


def _errors(found: dict[str, int]) -> list[dict[str, Any]]:
    every = sum(found.values())
    return [
        {"errorType": name or "unknown_error", "count": count, "percentage": percent(count, every)}
        for name, count in found.items()
    ]


def _quality(row: Quality) -> dict[str, Any]:
    return {
        "totalTurns": row.turns,
        "completedTurns": row.answered,
        "failedTurns": row.failed,
        "averageResponseTime": row.mean_ms,
        "totalVotes": row.votes,
        "positiveVotes": row.ups,
        "negativeVotes": row.downs,
        "positiveRate": row.approval.percent,
        "positiveRateInterval": interval(row.approval),
        "turnsVotedOn": row.voted,
        "turnsVotedOnRate": row.voted_share.percent,
        "turnsVotedOnRateInterval": interval(row.voted_share),
    }


def _named(row: Quality) -> dict[str, Any]:
    return {"value": row.value, **_quality(row)}
