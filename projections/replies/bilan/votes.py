"""Votes: GET /api/analytics/votes, from the votes with a value of the time that is asked about."""

from collections.abc import Callable, Iterable, Sequence
from itertools import groupby
from typing import Any

from projections.query.turns.interval import Share, wilson
from projections.query.turns.people import Voters, voters
from projections.query.turns.settled import Feedback, feedback
from projections.query.turns.votes import (
    Comment,
    VotedTurns,
    VoteHour,
    newest_comments,
    voted_turns,
    votes_by_hour,
)
from projections.replies.bilan.asked import times_in
from projections.replies.bilan.event import milliseconds, number
from projections.replies.bilan.question import Question

_COMMENTS = 10
_UNKNOWN = "unknown"


def percent(part: float, whole: float) -> float:
    """Return *part* of *whole* in percent, 0 where there is nothing."""
    return 100 * part / whole if whole else 0


async def votes(question: Question) -> dict[str, Any]:
    """Answer with everything about the votes."""
    window = await question.window(times_in(question.given, question.now))
    hours = await votes_by_hour(question.connection, window)
    people = await voters(question.connection, window)
    turns = await voted_turns(question.connection, window)
    comments = await newest_comments(question.connection, window, most=_COMMENTS)
    ended = await feedback(question.connection, window)
    return {
        "overview": _overview(hours, people, turns) | _certainty(hours, ended),
        "trends": {"daily": _daily(hours), "hourly": _hourly(hours)},
        "userBehavior": _behaviour(hours, people),
        "turnPerformance": _performance(turns, ended),
        "commentAnalysis": _comments(hours, comments),
    }


def total(hours: Iterable[VoteHour]) -> dict[str, Any]:
    """Return the counts of *hours* together, where a vote that is not for its turn is against it."""
    hours = list(hours)
    every, ups = sum(hour.votes for hour in hours), sum(hour.ups for hour in hours)
    return counted(every, ups)


def counted(every: int, ups: int) -> dict[str, Any]:
    """Return so many votes, *ups* of them for their turn, and the others against it."""
    return {"totalVotes": every, "positiveVotes": ups, "negativeVotes": every - ups, "positiveRate": percent(ups, every)}


def interval(share: Share) -> dict[str, Any]:
    """Return the bounds of *share*, in percent."""
    return {"low": share.low, "high": share.high}


def _overview(hours: Sequence[VoteHour], people: Voters, turns: VotedTurns) -> dict[str, Any]:
    every = sum(hour.votes for hour in hours)
    return {
        **total(hours),
        "negativeVotes": sum(hour.downs for hour in hours),
        "averageRating": sum(hour.total for hour in hours) / every if every else 0,
        "commentsCount": sum(hour.comments for hour in hours),
        "uniqueUsers": people.subjects,
        "uniqueTurns": turns.turns,
    }


def _certainty(hours: Sequence[VoteHour], ended: Feedback) -> dict[str, Any]:
    """Return what bilan never said: how sure the rate is, and how many of the turns that ended in the time were voted on."""
    rate = wilson(sum(hour.ups for hour in hours), sum(hour.votes for hour in hours))
    voted = wilson(ended.voted, ended.voted + ended.silent)
    return {
        "positiveRateInterval": interval(rate),
        "turnsVotedOn": ended.voted,
        "turnsVotedOnRate": voted.percent,
        "turnsVotedOnRateInterval": interval(voted),
    }


def _daily(hours: Sequence[VoteHour]) -> list[dict[str, Any]]:
    by_day: Callable[[VoteHour], Any] = lambda hour: hour.day  # noqa: E731  # what it is grouped by, said once
    return [{"date": day.isoformat(), **total(several)} for day, several in groupby(hours, by_day)]


def _hourly(hours: Sequence[VoteHour]) -> list[dict[str, Any]]:
    return [{"hour": clock, **total(hour for hour in hours if hour.hour == clock)} for clock in range(24)]


def _behaviour(hours: Sequence[VoteHour], people: Voters) -> dict[str, Any]:
    every = sum(hour.votes for hour in hours)
    return {
        "topUsers": [
            {"userId": one.subject, **counted(one.votes, one.ups), "lastActivity": milliseconds(one.last_at)}
            for one in people.top
        ],
        "votingPatterns": {
            "averageVotesPerUser": every / people.subjects if people.subjects else 0,
            "medianVotesPerUser": people.median,
            "powerUsers": people.busy,
            "oneTimeVoters": people.once,
        },
    }


def _performance(turns: VotedTurns, ended: Feedback) -> dict[str, Any]:
    top = [
        {"turnId": one.turn or _UNKNOWN, **({"promptText": one.prompt} if one.prompt else {}), **counted(one.votes, one.ups)}
        for one in turns.top
    ]
    # max() and min() keep the first of equals, which has the most votes.
    best = max(top, key=_rate, default={"turnId": ""})
    worst = min(reversed(top), key=_rate, default={"turnId": ""})
    return {
        "topTurns": top,
        "performanceMetrics": {
            "averagePositiveRate": sum(map(_rate, top)) / len(top) if top else 0,
            "bestPerformingTurn": best["turnId"],
            "worstPerformingTurn": worst["turnId"],
            "turnsWithoutVotes": ended.silent,
        },
    }


def _rate(turn: dict[str, Any]) -> float:
    return float(turn["positiveRate"])


def _comments(hours: Sequence[VoteHour], newest: Sequence[Comment]) -> dict[str, Any]:
    every, chars = sum(hour.comments for hour in hours), sum(hour.comment_chars for hour in hours)
    up, down = sum(hour.comments_up for hour in hours), sum(hour.comments_down for hour in hours)
    return {
        "totalComments": every,
        "averageCommentLength": chars / every if every else 0,
        "topComments": [
            {"comment": one.comment, "vote": number(one.value), "timestamp": milliseconds(one.at), "userId": one.subject}
            for one in newest
        ],
        "sentimentAnalysis": {"positive": up, "negative": down, "neutral": every - up - down},
        "commonThemes": [],
    }
