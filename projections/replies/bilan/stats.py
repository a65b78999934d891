"""Stats: the votes of one user, on one turn, or on one prompt as the generation before knew it."""

from typing import Any

from projections.query.turns.trend import Trend, trend
from projections.query.turns.votes import votes_on
from projections.replies.bilan.asked import said, wrong
from projections.replies.bilan.question import Question
from projections.replies.bilan.votes import counted

_COMMENTS = 5
_ALL_COMMENTS = 1000
# How many votes say anything about a trend, and by how much the halves have to differ.
_FEWEST = 10
_THRESHOLD = 0.1


async def of_user(question: Question) -> dict[str, Any]:
    """Answer GET /api/stats: the votes of a user, with what the generation before told of them besides."""
    if not said(question.given, "userId", "user_id"):
        raise wrong("Missing userId parameter")
    window = await question.window()
    every, ups, comments = await votes_on(question.connection, window, turn=None, most=_COMMENTS)
    moving = await trend(question.connection, window, now=question.now)
    return counted(every, ups) | {"recentTrend": direction(moving), "topFeedback": comments}


async def of_turn(question: Question) -> dict[str, Any]:
    """Answer GET /api/turns/{turnId}/stats."""
    return {"turnId": question.path["turn"], **await _on(question, question.path["turn"])}


async def of_prompt(question: Question) -> dict[str, Any]:
    """Answer GET /api/prompts/{promptId}/stats, where a prompt's id is its turn's."""
    return {"promptId": question.path["prompt"], **await _on(question, question.path["prompt"])}


async def of_prompt_before(question: Question) -> dict[str, Any]:
    """Answer GET /api/stats/prompt/{promptId}, whose rate is a part of one and not of a hundred."""
    prompt, window = question.path["prompt"], await question.window()
    every, ups, comments = await votes_on(question.connection, window, turn=prompt, most=_ALL_COMMENTS)
    return {"promptId": prompt, "totalVotes": every, "positiveRate": ups / every if every else 0, "comments": comments}


def direction(moving: Trend) -> str:
    """Return which way the votes go: how the later half of them compares with the earlier one."""
    difference = moving.later - moving.earlier
    if moving.votes < _FEWEST or abs(difference) <= _THRESHOLD:
        return "stable"
    return "improving" if difference > 0 else "declining"


async def _on(question: Question, turn: str) -> dict[str, Any]:
    every, ups, comments = await votes_on(question.connection, await question.window(), turn=turn, most=_COMMENTS)
    return counted(every, ups) | {"recentComments": comments}
