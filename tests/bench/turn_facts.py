"""Facts of turns for the reads, a month of a site's conversations up to now, and the addresses that answer from them."""

import random
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

from contracts.events.turns import TurnEvent
from tests.turns import (
    action,
    completed,
    conversation_began,
    conversation_ended,
    failed,
    started,
    step,
    vote,
)

SITE = "bench.example"
# All of it lies in the range that is asked for where nothing is said.
LENGTH = timedelta(days=29)
SUBJECTS = 50_000
MODELS = ("gpt-4o", "gpt-4o-mini", "claude", "llama", "")
SOMEBODY = f"{7:032x}"
_BILAN = (
    "/api/events",
    "/api/events?limit=1000&offset=5000",
    "/api/events?eventType=vote_cast",
    "/api/events?eventType=turn_completed,turn_failed",
    "/api/events?search=wonderful",
    f"/api/events?userId={SOMEBODY}",
    "/api/analytics/votes",
    "/api/analytics/votes?timeRange=ALL",
    f"/api/analytics/votes?userId={SOMEBODY}",
    "/api/analytics/turns",
    "/api/analytics/turns?timeRange=ALL",
    f"/api/analytics/turns?userId={SOMEBODY}",
    "/api/analytics/overview",
    "/api/analytics/overview?timeRange=ALL",
    "/api/analytics/summary",
    "/api/analytics/summary?timeRange=ALL",
    "/api/dashboard",
    f"/api/stats?userId={SOMEBODY}",
    "/api/turns/turn-1000/stats",
    "/api/prompts/turn-1000/stats",
)


def _of_site(path: str) -> str:
    return f"/bilan{path}{'&' if '?' in path else '?'}site={SITE}"


ADDRESSES = (*map(_of_site, _BILAN), f"/sites/{SITE}/turns?period=30d")


def facts(count: int) -> Iterator[TurnEvent]:
    """Yield *count* facts in the order of their turns: two of each turn, a vote on every third, and what is told beside."""
    chance, made = random.Random(4711), 0
    # Each turn leaves 2.7 facts.
    begin, turns = datetime.now(UTC) - LENGTH, max(count * 10 // 27, 1)
    while True:
        for number in range(turns):
            for fact in _of_turn(chance, number, begin + number * LENGTH / turns):
                if made == count:
                    return
                made += 1
                yield fact


def _of_turn(chance: random.Random, number: int, at: datetime) -> Iterator[TurnEvent]:
    turn, who = f"turn-{number}", {"site": SITE, "subject": f"{int(SUBJECTS * chance.random() ** 2):032x}"}
    said: dict[str, Any] = who | {
        "conversation": f"conversation-{number // 4}",
        "model": MODELS[number % 5],
        "prompt_version": f"v{number % 3}",
        "step": ("", "draft", "send")[number % 3],
    }
    settled = at + timedelta(milliseconds=chance.randrange(9000))
    yield started(turn, at=at, **said)
    if chance.random() < 0.95:
        yield completed(turn, chance.randrange(9000), at=settled, response_chars=500, **said)
    else:
        yield failed(turn, chance.choice(("timeout", "rate_limit")), at=settled, **said)
    if chance.random() < 0.3:
        comment = "a wonderful answer" if chance.random() < 0.1 else ""
        yield vote(turn, chance.choice((1, 1, 1, -1)), at=settled + timedelta(seconds=20), comment=comment, **who)
    yield from _beside(number, at, who)


def _beside(number: int, at: datetime, who: dict[str, Any]) -> Iterator[TurnEvent]:
    """Yield what is told of every tenth turn: its conversation, a step of a journey, and an action."""
    match number % 10:
        case 0:
            yield conversation_began(f"conversation-{number // 4}", at=at, **who)
        case 3:
            yield conversation_ended(f"conversation-{number // 4}", at=at, messages=4, outcome="completed", **who)
        case 5:
            yield step("onboarding", f"step-{number % 3}", at=at, is_last=number % 3 == 2, **who)
        case 7:
            yield action("copied", at=at, **who)
