"""What clients of the five systems send of somebody: named by every key that there is, in properties and in what is nested."""

import itertools
from collections.abc import Iterator
from typing import Any

from contracts.mounts import Mount
from tests.privacy.person import Person
from tests.privacy.speaking import Answer, Voice
from tests.privacy.traffic import SITE, careless

# Else what comes later would be taken for a retry, and not be stored.
_NUMBERS = itertools.count()
BY_ID = ("user_id", "userId", "anonymousId", "device_id", "deviceId", "name", "username", "distinct_id", "firstName")
KINDS = {
    Mount.BILAN: ("turn_started", "turn_completed", "turn_failed", "vote_cast", "conversation_started", "custom_thing"),
    Mount.CHANGE66: ("behavioral", "telemetry", "observability", "error", "performance"),
}


def named(person: Person) -> dict[str, Any]:
    """Return properties that name *person*, and hold what else a page knows, flat and nested."""
    flat = dict.fromkeys(BY_ID, person.mark) | {"email": person.email, "echo": person.mark}
    told = flat | careless(person)["customProperties"]
    return told | {"cart": {"owner": flat, "notes": [told]}}


def told_to_systems(voice: Voice, key: str) -> Iterator[Answer]:
    """Send what each system stores, as its clients do."""
    person, shown = voice.person, {"X_API_Key": key, "X_Tenant_Id": "main"}
    props = named(person)
    for kind in KINDS[Mount.BILAN]:
        item = {"eventId": _new(), "eventType": kind, "userId": person.mark, "properties": props | {"comment": person.email}}
        told = {"promptText": f"I am {person.email}", "aiResponse": person.token}
        yield voice.ask("POST", "/bilan/api/events", {"events": [item | told, {"eventType": kind, "userId": person.email}]})
    event = {"event": "signup", "userId": person.mark, "deviceId": person.mark, "sessionId": person.email}
    yield voice.ask("POST", "/nodash/v1/track", event | {"properties": props, "eventId": _new()}, **shown)
    # The answer repeats the id of whoever is identified.
    yield voice.ask("POST", "/nodash/v1/identify", {"userId": "somebody", "traits": props, "eventId": _new()}, **shown)
    telemetry = {"anon": person.mark, "evt": "app.started", "t": 1640995200000 + next(_NUMBERS), "sessionId": person.email}
    yield voice.ask("POST", "/minigem/t", {"schema": "jwc.v1", "batch": [telemetry | {"m": props}]})
    page = {"domain": SITE, "pathname": f"/u/{person.email}", "referrer": f"https://{person.ip}/", "eventName": "signup"}
    # A page names no user whose id could be told from any other word.
    yield voice.ask("POST", "/flowcore/api/event", page | {"customProperties": _without_echo(props)})
    lines = [
        {"event_id": _new(), "event_type": kind, "event_name": "opened", "user_id": person.mark, "session_id": person.email}
        | {"properties": props, "device_info": props, "app_version": "1.0.0"}
        for kind in KINDS[Mount.CHANGE66]
    ]
    yield voice.ask("POST", "/change66/api/v1/batch-ingest", {"logs": lines}, **shown)


def _without_echo(said: Any) -> Any:
    if isinstance(said, dict):
        return {name: _without_echo(value) for name, value in said.items() if name != "echo"}
    return said


def _new() -> str:
    return f"of-a-system-{next(_NUMBERS)}"
