"""Facts of product and logs for the reads: ninety days of three sites up to now, and the addresses that answer from them."""

import random
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any, Final
from uuid import UUID

from contracts.events import ActionRecorded, App, LogKind, LogRecorded, Place, Priority, SubjectDescribed

DAYS: Final = 90
TENANT: Final = "main"
# Nearly all are of the first, about which is asked; the others are what its answers must not be slowed or changed by.
SITES: Final = ("large.example", "other.example", "third.example")
_ELSEWHERE: Final = 0.05
# Who is there at all times, and whose first session it was.
SOMEBODY, SESSION = f"{0:032x}", f"{3 << 64:032x}"
NAMES: Final = tuple(f"action_{number}" for number in range(40))
RUN: Final = ("java.run.started", "java.run.completed", "java.run.error")
EVENTS: Final = tuple(f"event_{number}" for number in range(200))
PROVIDERS: Final = tuple(f"provider_{number}" for number in range(20))
VERSIONS: Final = tuple(f"2.{number}.0+6" for number in range(12))
_SYSTEMS: Final = ("darwin-arm64", "linux-x64", "win32-x64")
_COUNTRIES: Final = ("NO", "DE", "US", "FR", "")
_KINDS: Final = (
    *(LogKind.BEHAVIORAL,) * 12,
    *(LogKind.TELEMETRY,) * 3,
    *(LogKind.OBSERVABILITY,) * 2,
    *(LogKind.PERFORMANCE,) * 2,
    LogKind.ERROR,
)
_FILTER: Final = "/change66/api/v1/logs/filter"
_ASKED_OF_LOGS: Final = (
    *("event_type=error", "event_name=event_0", "priority=high", "app_version=2.0.0%2B6", "provider_name=provider_0"),
    *(f"user_id={SOMEBODY}", "event_type=behavioral&provider_name=provider_19", "app_version=2.0.0%2B6&sort_by=event_name"),
    *("page=10000", "page=10000&sort_by=user_id"),
)
_ORDERS_OF_LOGS: Final = (
    *("id", "event_id", "timestamp", "event_type", "event_name"),
    *("user_id", "session_id", "app_version", "priority", "created_at"),
)
_ASKED_OF_ACTIONS: Final = (
    *("limit=1000", "sortBy=eventName", "sortBy=userId&sortOrder=desc", "offset=500000", f"userId={SOMEBODY}"),
    *("eventType=action_0", "eventTypes=action_0,java.run.completed", "properties=%7B%22page%22%3A77%7D"),
)
_ORDERS_OF_USERS: Final = ("firstSeen", "lastSeen", "eventCount", "sessionCount")


def _of_site(path: str) -> str:
    return f"{path}{'&' if '?' in path else '?'}site={SITES[0]}"


def stats_addresses() -> tuple[str, ...]:
    """Return Minigem's report of a week, of thirty days and of everything, as of today."""
    today = datetime.now(UTC).date()
    spans = (f"?from={today - timedelta(days=days - 1)}&to={today}" for days in (30, DAYS))
    return ("/minigem/stats", *(f"/minigem/stats{span}" for span in spans))


LOG_ADDRESSES: Final = (
    *map(_of_site, ("/change66/api/v1/logs/recent", "/change66/api/v1/metrics", "/change66/api/v1/status", _FILTER)),
    *(_of_site(f"{_FILTER}?{asked}") for asked in _ASKED_OF_LOGS),
    *(_of_site(f"{_FILTER}?sort_by={order}") for order in _ORDERS_OF_LOGS),
    f"/sites/{SITES[0]}/logs",
    f"/sites/{SITES[0]}/logs?type=error",
)
ACTION_ADDRESSES: Final = (
    _of_site("/v1/events/query"),
    *(_of_site(f"/v1/events/query?{asked}") for asked in _ASKED_OF_ACTIONS),
    *(_of_site(f"/v1/users/query?sortBy={order}") for order in _ORDERS_OF_USERS),
    *map(_of_site, stats_addresses()),
    _of_site("/minigem/dashboard"),
    f"/sites/{SITES[0]}/actions",
    f"/sites/{SITES[0]}/actions?period=30d",
)


def actions(count: int) -> Iterator[ActionRecorded | SubjectDescribed]:
    """Yield *count* facts of the product family: half of them are runs of a program, and some describe somebody."""
    chance, until, people = random.Random(4712), datetime.now(UTC), count // 30 + 1
    for number in range(count):
        session = number // 120 * 30 + chance.randrange(30)
        who = _whose(session, people)
        envelope = _envelope(chance, number, count, until) | {
            "subject": _pseudonym(who),
            "session": _pseudonym(1 << 64 | session),
            "device": _pseudonym(2 << 64 | who),
            "app": App(version=VERSIONS[number * 12 // count], os=_SYSTEMS[who % 3], host_version=f"1.{who % 9}"),
            "place": Place(country=_COUNTRIES[who % 5]),
        }
        yield _deed(chance, envelope)


def lines(count: int) -> Iterator[LogRecorded]:
    """Yield *count* lines of programs."""
    chance, until, people = random.Random(4713), datetime.now(UTC), count // 50 + 1
    for number in range(count):
        provider = PROVIDERS[int(20 * chance.random() ** 2)]
        session = number // 400 * 40 + chance.randrange(40)
        who = _whose(session, people)
        yield LogRecorded(
            **_envelope(chance, number, count, until),
            kind=chance.choice(_KINDS),
            name=EVENTS[int(200 * chance.random() ** 2)],
            priority=Priority.HIGH if chance.random() < 0.05 else Priority.NORMAL,
            subject=_pseudonym(who),
            session=_pseudonym(3 << 64 | session),
            app_version=VERSIONS[number * 12 // count],
            provider=provider,
            sequence=number,
            device={"platform": "ios", "osVersion": f"18.{who % 6}", "model": f"iPhone{who % 30}"},
            props={"tags.provider": provider, "value": chance.random(), "screen": f"screen {who % 50}"},
        )


def _envelope(chance: random.Random, number: int, count: int, until: datetime) -> dict[str, Any]:
    at = until - timedelta(days=DAYS) * ((count - number) / count)
    return {
        "id": str(UUID(int=0x7000 << 64 | chance.getrandbits(60) << 4 | 0x8 << 124)),
        "tenant": TENANT,
        "site": SITES[0] if chance.random() >= _ELSEWHERE else SITES[1 + number % 2],
        "occurred_at": at,
        "received_at": at + timedelta(milliseconds=chance.randrange(1000)),
    }


def _deed(chance: random.Random, envelope: dict[str, Any]) -> ActionRecorded | SubjectDescribed:
    kind = chance.random()
    if kind < 0.2:
        return ActionRecorded(name=RUN[0], **envelope)
    if kind < 0.4:
        props = {
            "scannerUsage": chance.random() < 0.5,
            "cumulativeBytesBucket": chance.choice(("0-1KB", "1-10KB", ">1MB")),
            "waitMsTotal": chance.randrange(5000),
        }
        exit_code = chance.choice((0, 0, 0, 1, 130, 143))
        return ActionRecorded(name=RUN[1], props=props, duration_ms=chance.randrange(200_000), exit_code=exit_code, **envelope)
    if kind < 0.5:
        error = {"phase": chance.choice(("compile", "runtime")), "exceptionHash": f"{chance.randrange(500):08x}"}
        return ActionRecorded(name=RUN[2], props=error, **envelope)
    if kind < 0.52:
        return SubjectDescribed(traits={"plan": chance.choice(("free", "pro")), "seats": chance.randrange(9)}, **envelope)
    props = {"plan": chance.choice(("free", "pro")), "page": chance.randrange(1000), "cart.total": chance.random()}
    return ActionRecorded(name=NAMES[int(40 * chance.random() ** 2)], props=props, **envelope)


def _whose(session: int, people: int) -> int:
    """Return whose session that is: the same few use an app often."""
    return int(people * (session * 2654435761 % 2**32 / 2**32) ** 2)


def _pseudonym(number: int) -> str:
    """Return what could stand for somebody: digits that follow no order."""
    return f"{number * 0x9E3779B97F4A7C15F39CC0605CEDC835 % 2**128:032x}"
