"""What clients of each mounted system send that carries an id, and how the system says that it could not be stored."""

from collections.abc import Mapping
from typing import Any, Final

from msgspec import Struct

from contracts.mounts import Mount
from tests.collector.dialects.bound import SITE

AT: Final = "2026-11-20T10:00:00.000Z"
AT_MS: Final = 1795168800000


class Sent(Struct, frozen=True, kw_only=True):
    """One request, how many ``facts`` it becomes, and what the system's 503 says."""

    path: str
    body: Mapping[str, Any]
    facts: int = 1
    unavailable: Mapping[str, Any]


def requests(mount: Mount, run: str) -> tuple[Sent, ...]:
    """Return what clients of *mount* send, with ids that are those of *run*."""
    return _REQUESTS[mount](run)


def is_of(mount: Mount, fact: bytes) -> bool:
    """Say whether *fact* is one of those that the requests of *mount* become."""
    return f"of-{mount}".encode() in fact or (mount is Mount.NODASH and b"subject_described" in fact)


def _bilan(run: str) -> tuple[Sent, ...]:
    def event(**said: Any) -> dict[str, Any]:
        return {"eventType": "vote_cast", "userId": "u1", "properties": {"turn_id": "of-bilan", "value": 1}, **said}

    told = {"error": "Service unavailable", "message": "Not every event could be stored; send them all again."}
    # What has no id has a time of its own, and is known again by all that it says.
    events = [event(eventId=f"{run}-1"), event(eventId=f"{run}-2"), event(timestamp=AT_MS, note=run)]
    return (
        Sent(path="/bilan/api/events", body=event(eventId=f"{run}-0"), unavailable=told),
        Sent(path="/bilan/api/events", body={"events": events}, facts=3, unavailable=told),
    )


def _nodash(run: str) -> tuple[Sent, ...]:
    message = "It could not be confirmed as stored; send it again after Retry-After seconds, with the same eventId or timestamp"
    told = {"statusCode": 503, "message": message}
    event, user = told | {"error": "Failed to store event"}, told | {"error": "Failed to store user data"}
    identified = {"userId": run, "traits": {"plan": "pro"}, "timestamp": AT}
    return (
        Sent(path="/nodash/v1/track", body={"event": "of-nodash", "eventId": f"{run}-0"}, unavailable=event),
        Sent(path="/nodash/track", body={"event": "of-nodash", "timestamp": AT, "sessionId": run}, unavailable=event),
        Sent(path="/nodash/v1/identify", body=identified, unavailable=user),
    )


def _minigem(run: str) -> tuple[Sent, ...]:
    message = "Not everything could be stored. Send the same body again: what is stored already is counted once."
    told = {"error": "unavailable", "message": message}
    one, two, three = ({"anon": f"{run}-{number}", "evt": "of-minigem", "t": AT_MS + number} for number in range(3))
    return (
        Sent(path="/minigem/t", body={"schema": "jwc.v1", **one}, unavailable=told),
        Sent(path="/minigem/t", body={"schema": "jwc.v1", "batch": [two, three]}, facts=2, unavailable=told),
    )


def _flowcore(run: str) -> tuple[Sent, ...]:
    payload = {"visitorHash": "ab" * 32, "domain": SITE, "pathname": "/of-flowcore", "referrer": ""}
    body = {
        "eventId": f"{run}-0",
        "flowType": "visitor.v0",
        "eventType": "visitor.tracked.v0",
        "validTime": AT,
        "payload": payload | {"sessionContext": {"dailySaltRotation": AT[:10]}},
    }
    return (Sent(path="/flowcore/api/transformer", body=body, unavailable={}),)


def _change66(run: str) -> tuple[Sent, ...]:
    def line(number: int) -> dict[str, Any]:
        return {"event_id": f"{run}-{number}", "event_type": "error", "event_name": "of-change66"}

    told = {"error": "database_error", "message": "Failed to store log"}
    batch = {"logs": [line(1), line(2)]}
    return (
        Sent(path="/change66/api/v1/ingest", body=line(0), unavailable=told),
        Sent(
            path="/change66/api/v1/batch-ingest",
            body=batch,
            facts=2,
            unavailable=told | {"message": "Failed to store logs"},
        ),
    )


_REQUESTS: Final = {
    Mount.BILAN: _bilan,
    Mount.NODASH: _nodash,
    Mount.MINIGEM: _minigem,
    Mount.FLOWCORE: _flowcore,
    Mount.CHANGE66: _change66,
}
