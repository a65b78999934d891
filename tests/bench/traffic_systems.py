"""What clients of bilan, Change66 and Flowcore send, as their documents and SDKs have it; ids are new in each request."""

import itertools
import json
import secrets
import time
from collections.abc import Callable, Iterator
from typing import Any

from contracts.keys import key_text

SITE = "bench.example"
# It opens nothing but a bench's own servers.
KEY = key_text("1", f"{1:043}")
SDK_BATCH = 10  # as bilan's SDK gathers them unless it is told otherwise
LARGEST_BATCH = 1000
_PEOPLE = 100
_HEAD = (
    b"POST %b HTTP/1.1\r\nhost: stats.bench.example\r\nuser-agent: %b\r\naccept: */*\r\ncontent-type: application/json\r\n"
    b"connection: keep-alive\r\n%bcontent-length: %d\r\n\r\n%b"
)
_KEYED = b"authorization: Bearer %b\r\n" % KEY.encode()
_BROWSER = b"Mozilla/5.0 (X11; Linux x86_64; rv:145.0) Gecko/20100101 Firefox/145.0"
# Takes the place of the digits that tell one request from another, and is as long as they are.
_RUN = b"ffffffff"


def bilan_singles(_: int) -> Iterator[bytes]:
    """Yield one event of bilan's SDK to a request, for ever."""
    return _renamed([_posted(b"/api/events", _bilan_event(number)) for number in range(64)])


def bilan_batches(_: int) -> Iterator[bytes]:
    """Yield ten events of bilan's SDK to a request, as it sends them, for ever."""
    return _renamed(
        [_posted(b"/api/events", _bilan_body(range(first, first + SDK_BATCH))) for first in range(0, 640, SDK_BATCH)]
    )


def largest_bilan_batches(_: int) -> Iterator[bytes]:
    """Yield a thousand of them to a request, for ever."""
    return _renamed([_posted(b"/api/events", _bilan_body(range(LARGEST_BATCH)))])


def log_batches(_: int) -> Iterator[bytes]:
    """Yield a thousand log lines of an app to a request, for ever."""
    return _renamed([_posted(b"/api/v1/batch-ingest", {"logs": [_log_line(number) for number in range(LARGEST_BATCH)]})])


def flowcore_singles(_: int) -> Iterator[bytes]:
    """Yield pageviews of Flowcore's own page to its mount, for ever; it knows no ids."""
    bodies = [json.dumps(_flowcore_page(number)).encode() for number in range(64)]
    posted = [_HEAD % (b"/flowcore/api/pageview", _BROWSER, b"", len(body), body) for body in bodies]
    return itertools.cycle(posted)


SYSTEMS_TRAFFIC: dict[str, Callable[[int], Iterator[bytes]]] = {
    "bilan_singles": bilan_singles,
    "bilan_batches": bilan_batches,
    "largest_bilan_batches": largest_bilan_batches,
    "log_batches": log_batches,
    "flowcore_singles": flowcore_singles,
}


def _renamed(shapes: list[bytes]) -> Iterator[bytes]:
    """Yield *shapes* in turn, for ever, with other ids each time."""
    numbers = itertools.count(secrets.randbits(31))
    return (shape.replace(_RUN, b"%08x" % number) for shape, number in zip(itertools.cycle(shapes), numbers, strict=False))


def _posted(path: bytes, said: Any) -> bytes:
    body = json.dumps(said).encode()
    return _HEAD % (path, b"node", _KEYED, len(body), body)


def _bilan_body(numbers: range) -> dict[str, Any]:
    return {"events": [_bilan_event(number) for number in numbers]}


def _bilan_event(number: int) -> dict[str, Any]:
    """Return an event of a conversation of five: two of a turn, one of its vote, its journey, its end; ten are of one user."""
    at = int(time.time() * 1000)
    turn, talk, user = (
        f"turn_{at}_{_RUN.decode()}{number}",
        f"db642413-7c1e-4f0a-9b55-{number // 5:012x}",
        f"user-{number // SDK_BATCH % _PEOPLE}",
    )
    type_, properties, texts = (
        (
            "turn_started",
            {
                "turnId": turn,
                "startedAt": at,
                "modelUsed": "gpt-4",
                "retryCount": 0,
                "conversation_id": talk,
                "turn_sequence": 1,
            },
            {"promptText": "Help me write a short and friendly answer to a customer who waits for a parcel"},
        ),
        (
            "turn_completed",
            {"turnId": turn, "status": "success", "responseTime": 0.005, "responseLength": 120, "completedAt": at}
            | {"modelUsed": "gpt-4", "retryCount": 0, "conversation_id": talk, "turn_sequence": 1},
            {"promptText": "Help me write a short answer", "aiResponse": "Sure, here is one: your parcel is on its way"},
        ),
        ("vote_cast", {"turn_id": turn, "value": 1, "comment": "Very helpful, it was what I needed!", "timestamp": at}, {}),
        (
            "journey_step",
            {"journey_name": "email-workflow", "step_name": "draft-composed", "user_id": user, "completed_at": at},
            {},
        ),
        ("conversation_ended", {"conversation_id": talk, "status": "completed", "ended_at": at}, {}),
    )[number % 5]
    event_id = f"evt_{at}_{_RUN.decode()}{number}"
    return {"eventId": event_id, "eventType": type_, "timestamp": at, "userId": user, "properties": properties} | texts


def _log_line(number: int) -> dict[str, Any]:
    """Return the README's line, and of every third one the measurement that its report sends."""
    measured = {"metric_name": "app_startup_time", "value": 2.5, "unit": "seconds", "tags": {"provider": "nfc_notifier"}}
    is_measured = number % 3 == 0
    return {
        "event_id": f"{_RUN.decode()}-0000-4000-8000-{number:012x}",
        "timestamp": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
        "event_type": "performance" if is_measured else "behavioral",
        "event_name": "metric_recorded" if is_measured else "habit_completed",
        "properties": measured if is_measured else {"habit_id": str(number % 50), "streak": number % 30},
        "user_id": f"user-{number % _PEOPLE}",
        "session_id": f"session-{number % _PEOPLE}",
        "app_version": "1.0.0",
        "device_info": {"platform": "ios", "model": "iPhone 14"},
        "sequence_number": number,
        "priority": "normal",
    }


def _flowcore_page(number: int) -> dict[str, Any]:
    return {"pathname": f"/article-{number}", "referrer": f"https://{SITE}/before", "domain": SITE}
