"""Dashboard: GET /api/dashboard, everything that bilan's own front page shows in one answer."""

from collections.abc import Sequence
from datetime import date, timedelta
from itertools import groupby
from typing import Any

from projections.query.turns.facts import Told, newest
from projections.query.turns.passages import Conversations, JourneyCount, conversations, journeys
from projections.query.turns.settled import SettledHour, settled_by_hour
from projections.query.turns.trend import Trend, trend
from projections.query.turns.votes import VoteHour, newest_comments, votes_by_hour
from projections.read_models.turn_facts import Kind
from projections.replies.bilan.asked import between
from projections.replies.bilan.event import milliseconds, type_of
from projections.replies.bilan.question import Question
from projections.replies.bilan.stats import direction
from projections.replies.bilan.votes import percent

_JOURNEYS = 10
_COMMENTS = 10
_ACTIVITIES = 20
_EXCERPT = 50


async def dashboard(question: Question) -> dict[str, Any]:
    """Answer with everything, of all time unless both ``start`` and ``end`` are given."""
    connection, window = question.connection, await question.window(between(question.given, question.now))
    moving = await trend(connection, window, now=question.now)
    comments = await newest_comments(connection, window, most=_COMMENTS)
    return {
        "conversationStats": _conversations(await conversations(connection, window), await settled_by_hour(connection, window)),
        "journeyStats": _journeys(await journeys(connection, window)),
        "feedbackStats": {
            "totalFeedback": moving.votes,
            "positiveRate": percent(moving.ups, moving.votes),
            "recentTrend": direction(moving),
            "topComments": [one.comment for one in comments],
        },
        "qualitySignals": _signals(moving),
        "timeSeriesData": _series(await votes_by_hour(connection, window)),
        "recentActivity": [_activity(one) for one in await newest(connection, window, limit=_ACTIVITIES)],
    }


def _conversations(found: Conversations, hours: Sequence[SettledHour]) -> dict[str, Any]:
    turns, answered = sum(hour.turns for hour in hours), sum(hour.answered for hour in hours)
    return {
        "totalConversations": found.started,
        "successRate": percent(answered, turns) if turns else None,
        "averageMessages": found.mean_messages,
        "completionRate": percent(found.ended, found.started) if found.started else None,
    }


def _journeys(found: Sequence[JourneyCount]) -> dict[str, Any]:
    popular = [
        {"name": one.journey, "count": one.steps, "completionRate": percent(one.finished, one.steps)}
        for one in found[:_JOURNEYS]
    ]
    rates = [percent(one.finished, one.steps) for one in found[:_JOURNEYS]]
    return {
        "totalJourneys": len(found) or None,
        "completionRate": sum(rates) / len(rates) if rates else None,
        "popularJourneys": popular,
    }


def _signals(moving: Trend) -> dict[str, Any]:
    rate = percent(moving.ups, moving.votes)
    return {
        "responseQuality": rate,
        "userSatisfaction": rate,
        "trustScore": 100 * moving.weighted,
        "responseTime": moving.mean_ms,
    }


def _series(hours: Sequence[VoteHour]) -> dict[str, Any]:
    days: list[tuple[date, int, int]] = []
    for day, several in groupby(hours, lambda hour: hour.day):
        counted = list(several)
        days.append((day, sum(hour.ups for hour in counted), sum(hour.votes for hour in counted)))
    return {
        "dailyVotes": [{"date": day.isoformat(), "positive": ups, "negative": every - ups} for day, ups, every in days],
        "weeklyTrends": [
            {"week": sunday.isoformat(), "score": sum(scores) / len(scores)}
            for sunday, scores in (
                (sunday, [percent(ups, every) for _, ups, every in several])
                for sunday, several in groupby(days, lambda day: _sunday(day[0]))
            )
        ],
    }


def _sunday(day: date) -> date:
    return day - timedelta(days=day.isoweekday() % 7)


def _activity(told: Told) -> dict[str, Any]:
    kind, summary, sentiment = _in_words(told)
    return {"timestamp": milliseconds(told.occurred_at), "type": kind, "summary": summary, "sentiment": sentiment}


def _in_words(told: Told) -> tuple[str, str, str]:
    is_for = (told.value or 0) > 0
    match told.kind:
        case Kind.VOTE if told.comment:
            cut = told.comment[:_EXCERPT] + ("..." if len(told.comment) > _EXCERPT else "")
            return "comment", f'User commented: "{cut}"', "positive" if is_for else "negative"
        case Kind.VOTE:
            return "vote", f"User {'upvoted' if is_for else 'downvoted'} a prompt", "positive" if is_for else "negative"
        case Kind.COMPLETED:
            return "turn", "AI turn completed successfully", "positive"
        case Kind.FAILED:
            return "turn", f"AI turn failed: {told.comment or 'Unknown error'}", "negative"
        case Kind.JOURNEY_STEP:
            return "journey", f"Journey step: {told.journey or 'Unknown journey'}", "neutral"
        case _:
            return "vote", f"{type_of(told.kind, told.name)} event", "neutral"
