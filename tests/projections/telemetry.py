"""Telemetry for the tests: runs and errors of some people on some days, and the same counted by hand, fact by fact."""

import random
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID

from contracts.events import ActionRecorded, App, Place
from tests.facts_product import action

FIRST = date(2026, 11, 14)
NOW = datetime(2026, 11, 20, 15, tzinfo=UTC)
OUTPUTS = ("0-1KB", "1-10KB", ">1MB")


def telemetry(count: int, *, seed: int, people: int = 12) -> Iterator[ActionRecorded]:
    """Yield *count* actions of the seven days from FIRST on."""
    chance = random.Random(seed)
    start = datetime.combine(FIRST, datetime.min.time(), UTC)
    for number in range(count):
        who = chance.randrange(people)
        fields: dict[str, Any] = {
            "id": str(UUID(int=chance.getrandbits(128))),
            "subject": f"{who:02x}" * 16,
            "session": f"{number % (count // 3 + 1):032x}" if chance.random() < 0.7 else "",
            "app": App(version=chance.choice(["1.0.0", "1.2.0", ""]), os=chance.choice(["darwin-arm64", "linux-x64", ""])),
            "place": Place(country=("NO", "DE", "US", "")[who % 4]),
        }
        at = start + timedelta(seconds=chance.randrange(7 * 86_400))
        yield _deed(chance, at, fields)


def _deed(chance: random.Random, at: datetime, fields: dict[str, Any]) -> ActionRecorded:
    kind = chance.random()
    if kind < 0.3:
        return action("java.run.started", at=at, **fields)
    if kind < 0.6:
        props: dict[str, Any] = {"scannerUsage": chance.random() < 0.5, "truncatedOutput": chance.random() < 0.1}
        props |= {"cumulativeBytesBucket": chance.choice(OUTPUTS)} if chance.random() < 0.9 else {}
        props |= {"waitMsTotal": chance.randrange(500)} if chance.random() < 0.5 else {}
        told = {"duration_ms": chance.randrange(200_000)} if chance.random() < 0.9 else {}
        told |= {"exit_code": chance.choice([0, 0, 1, 130, 143])} if chance.random() < 0.9 else {}
        return action("java.run.completed", at=at, props=props, **told, **fields)
    if kind < 0.75:
        error = {"phase": chance.choice(["compile", "runtime"]), "exceptionHash": f"{chance.randrange(4):08x}"}
        return action("java.run.error", at=at, props=error, **fields)
    return action(chance.choice(["install.created", "app.started", "App Opened", "äpp"]), at=at, **fields)


class Counted:
    """What a person with the facts before them would answer."""

    def __init__(self, facts: Sequence[ActionRecorded]) -> None:
        self.facts = facts
        self.ends = self.named("java.run.completed")

    def named(self, name: str) -> list[ActionRecorded]:
        return [fact for fact in self.facts if fact.name == name]

    def tops(self, values: Iterable[Any]) -> dict[Any, int]:
        return dict(Counter(values))

    def people(self, facts: Iterable[ActionRecorded]) -> int:
        return len({fact.subject for fact in facts})

    def percentile(self, share: float) -> int:
        """Return the first of the ordered durations that at least *share* of them do not exceed."""
        durations = sorted(fact.duration_ms for fact in self.ends if fact.duration_ms is not None)
        return next(ms for number, ms in enumerate(durations, start=1) if number >= share * len(durations))

    def mean_wait(self) -> float:
        waits = [
            fact.props["waitMsTotal"] for fact in self.ends if fact.duration_ms is not None and "waitMsTotal" in fact.props
        ]
        return sum(waits) / len(waits)
