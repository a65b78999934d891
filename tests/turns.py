"""Facts of turns for the tests: every fact an id of its own, and a test names only what it is about."""

import itertools
import random
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from contracts.events.turns import (
    ConversationActionRecorded,
    ConversationEnded,
    ConversationStarted,
    JourneyStepCompleted,
    TurnCompleted,
    TurnEvent,
    TurnFailed,
    TurnsFact,
    TurnStarted,
    VoteCast,
)

NOON = datetime(2026, 11, 18, 12, tzinfo=UTC)
SITE = "example.org"
ANNA = "a1" * 16
BERT = "b2" * 16
_ids = itertools.count(1)


def turn_fact(kind: type[TurnsFact], *, at: datetime = NOON, **fields: Any) -> Any:
    """Return a fact of *kind*."""
    envelope = {
        "id": str(UUID(int=(next(_ids) << 64) | 0x7000_8000)),
        "tenant": "main",
        "site": SITE,
        "occurred_at": at,
        "received_at": at + timedelta(milliseconds=200),
        "subject": ANNA,
    }
    return kind(**(envelope | fields))


def started(turn: str, **fields: Any) -> TurnStarted:
    return turn_fact(TurnStarted, turn=turn, **fields)


def completed(turn: str, duration_ms: int | None = 100, **fields: Any) -> TurnCompleted:
    return turn_fact(TurnCompleted, turn=turn, duration_ms=duration_ms, **fields)


def failed(turn: str, error: str = "timeout", **fields: Any) -> TurnFailed:
    return turn_fact(TurnFailed, turn=turn, error=error, **fields)


def vote(turn: str, value: float | None = 1, **fields: Any) -> VoteCast:
    return turn_fact(VoteCast, turn=turn, value=value, **fields)


def conversation_began(conversation: str, **fields: Any) -> ConversationStarted:
    return turn_fact(ConversationStarted, conversation=conversation, **fields)


def conversation_ended(conversation: str, **fields: Any) -> ConversationEnded:
    return turn_fact(ConversationEnded, conversation=conversation, **fields)


def step(journey: str, name: str, **fields: Any) -> JourneyStepCompleted:
    return turn_fact(JourneyStepCompleted, journey=journey, step=name, **fields)


def action(name: str, **fields: Any) -> ConversationActionRecorded:
    return turn_fact(ConversationActionRecorded, name=name, **fields)


def talk(count: int, *, seed: int, days: int = 40) -> Iterator[TurnEvent]:
    """Yield about *count* facts of people who talk to an AI, vote before, after and without a turn, and come to some end."""
    chance = random.Random(seed)
    start = NOON - timedelta(days=days)
    for number in range(count // 4):
        at = start + timedelta(seconds=chance.randrange(days * 86_400), milliseconds=chance.randrange(1000))
        turn, conversation = f"turn-{chance.randrange(count // 6 + 1)}", f"conversation-{number % 7}"
        who = {"subject": f"{chance.randrange(9):02x}" * 16, "site": f"site-{number % 2}.example"}
        said = who | {
            "conversation": conversation,
            "model": chance.choice(["a", "b", ""]),
            "step": chance.choice(["", "draft"]),
        }
        yield started(turn, at=at, **said)
        if chance.random() < 0.8:
            later = at + timedelta(milliseconds=chance.randrange(5000))
            yield completed(turn, chance.choice([None, chance.randrange(9000)]), at=later, **said)
        else:
            yield failed(turn, chance.choice(["timeout", "rate_limit"]), at=at, **said)
        if chance.random() < 0.6:
            yield vote(turn, chance.choice([1, -1, 0, None]), at=at, comment=chance.choice(["", "good"]), **who)
        yield chance.choice([conversation_began, conversation_ended])(conversation, at=at, **who)
        yield step("mail", f"step-{number % 3}", at=at, is_last=number % 3 == 2, **who)
