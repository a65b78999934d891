"""Minigem's telemetry: one event or a batch of them, without any credential, answered with how many were taken."""

import functools
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Final

import msgspec
from msgspec import structs

from collector.answer import Answer, retry_headers
from collector.arrival import Arrival, Head
from collector.dialects.browser import read_browser
from collector.dialects.endpoint import Endpoint, Item, Reply
from collector.dialects.json_words import fastify_words, read_plain_json
from collector.dialects.mounted import mounted, mounted_by_key, of_mount
from collector.dialects.retry_key import content_of
from collector.dialects.said_place import place_said
from collector.dialects.telemetry_item import Telemetry, read_item, read_strict_item
from collector.hit import Hit, Person, Sender, Signal
from collector.kinds.product import ActionClaim
from collector.outcomes import (
    Dropped,
    Failure,
    Outcome,
    Refused,
    RefuseReason,
    Rejected,
    RejectReason,
    Stored,
    Unavailable,
    UnavailableReason,
)
from contracts.control.keys import Scope
from contracts.events import App, Place
from contracts.mounts import Mount

BODY_BYTES: Final = 64 * 1024
SCHEMA: Final = "jwc.v1"
HOST: Final = "vscode"
JSON: Final = ((b"content-type", b"application/json; charset=utf-8"),)
_JSON_MEDIA: Final = frozenset({"", "application/json", "text/plain"})
_SCHEMA_UNSUPPORTED: Final = {"error": "schema_unsupported", "expected": SCHEMA}
_UNAUTHORIZED: Final = {"error": "unauthorized"}
_SERVER_ERROR: Final = {"error": "server_error"}
_UNAVAILABLE: Final = {
    "error": "unavailable",
    "message": "Not everything could be stored. Send the same body again: what is stored already is counted once.",
}
_MINUTE, _HOUR = 60, 3600

# What one item of a batch says, by the rules that hold.
ReadItem = Callable[[Any], Telemetry]


def read_telemetry(arrival: Arrival) -> Sequence[Item]:
    """Return the hits of the body; whatever is no event of ours is listed as what it lacks."""
    return _read(arrival, read_item)


def read_strict_telemetry(arrival: Arrival) -> Sequence[Item]:
    """Return the hits of the body, by the original's own lists of ids and events."""
    return _read(arrival, read_strict_item)


def strictly(dialects: Iterable[Endpoint | Reply]) -> tuple[Endpoint | Reply, ...]:
    """Return *dialects* with Minigem's own lists in force."""
    return tuple(
        structs.replace(part, read=read_strict_telemetry)
        if isinstance(part, Endpoint) and part.read is read_telemetry
        else part
        for part in dialects
    )


def answer_health(_: Head, __: Sender) -> Answer:
    """Answer that this process runs, and the time."""
    return Answer(status=200, headers=JSON, body=msgspec.json.encode({"ok": True, "ts": time.time_ns() // 1_000_000}))


def word_telemetry(arrival: Arrival, outcomes: list[Outcome]) -> Answer:  # noqa: ARG001  # every dialect words from the same two
    """Answer how many events were stored and how many were not, or raise what a client has to come back for."""
    for outcome in outcomes:
        if isinstance(outcome, Unavailable | Refused):
            raise outcome
    accepted = sum(isinstance(outcome, Stored) for outcome in outcomes)
    dropped = next((outcome.reason.value for outcome in outcomes if isinstance(outcome, Dropped)), "")
    headers = ((b"x-collector-dropped", dropped.encode()),) if dropped else ()
    document = {"ok": True, "accepted": accepted, "skipped": len(outcomes) - accepted}
    return Answer(status=200, headers=(*JSON, *headers), body=msgspec.json.encode(document))


def refuse(failure: Failure) -> Answer:
    """Answer a request that failed as a whole, in Minigem's words and those of the server that it was made with."""
    return Answer(
        status=500 if _is_defect(failure) else 503 if isinstance(failure, Unavailable) else failure.status,
        headers=(*JSON, *retry_headers(failure)),
        body=msgspec.json.encode(_document_of(failure)),
    )


def _document_of(failure: Failure) -> Mapping[str, Any]:
    if isinstance(failure, Unavailable):
        return _SERVER_ERROR if _is_defect(failure) else _UNAVAILABLE
    if isinstance(failure, Refused):
        if failure.reason is not RefuseReason.RATE_LIMITED:
            return _UNAUTHORIZED
        words = f"Rate limit exceeded, retry in {in_words(failure.retry_after or 1)}"
        return {"statusCode": failure.status, "error": "Too Many Requests", "message": words}
    if failure.reason is RejectReason.SHAPE and failure.field == "schema":
        return _SCHEMA_UNSUPPORTED
    if failure.reason is RejectReason.UNBOUND:
        return {"error": "site_unbound", "message": failure.detail}
    return fastify_words(failure)


def in_words(seconds: int) -> str:
    """Return *seconds* as the original says them: in the largest unit that it fills, rounded."""
    for unit, length in (("hour", _HOUR), ("minute", _MINUTE), ("second", 1)):
        if seconds >= length:
            number = round(seconds / length)
            return f"{number} {unit}{'' if number == 1 else 's'}"
    return "1 second"


def _is_defect(failure: Failure) -> bool:
    return isinstance(failure, Unavailable) and failure.reason is UnavailableReason.DEFECT


def _read(arrival: Arrival, read: ReadItem) -> Sequence[Item]:
    media = arrival.head.header(b"content-type").partition(";")[0].strip().lower()
    if media not in _JSON_MEDIA:
        raise Rejected(RejectReason.MEDIA_TYPE, "The Content-Type must be application/json.", status=415)
    body = read_plain_json(arrival.body)
    said = body.get("schema") if isinstance(body, Mapping) else None
    if not isinstance(said, str) or said.strip().lower() != SCHEMA:
        raise Rejected(RejectReason.SHAPE, f"The schema must be {SCHEMA}.", field="schema")
    items = body["batch"] if isinstance(body.get("batch"), list) else [body]
    browser, place = read_browser(arrival.head), place_said(arrival.head)
    to_hit = functools.partial(_hit, read=read, arrival=arrival, person=browser.person(), signals=browser.signals, place=place)
    return [functools.partial(to_hit, item) for item in items]


def _hit(
    item: Any, *, read: ReadItem, arrival: Arrival, person: Person, signals: frozenset[Signal], place: Place | None
) -> Hit:
    told = read(item)
    return Hit(
        person=person,
        sender=arrival.sender,
        site="",
        received_at=arrival.received_at,
        claim=ActionClaim(
            name=told.evt,
            user=told.anon,
            session=told.session,
            app=App(version=told.ext, os=told.os, host=HOST if told.vscode else "", host_version=told.vscode),
            props=told.props,
            duration_ms=told.duration_ms,
            exit_code=told.exit_code,
            place=place,
            codes={"exceptionHash": told.digest} if told.digest else {},
            content=_content(item),
        ),
        occurred_at=told.at,
        signals=signals,
    )


def _content(item: Mapping[str, Any]) -> str:
    """Return what an item is known by, which has a time and no id: the whole of it, however its members are ordered.

    The schema stands in a single event and beside a batch, and is no part of either.
    """
    return content_of({name: value for name, value in item.items() if name != "schema"})


_TELEMETRY: Final = Endpoint(
    template="/t",
    dialect="minigem",
    methods=("POST",),
    limit=BODY_BYTES,
    read=read_telemetry,
    word=word_telemetry,
    refuse=refuse,
)
# At the root it is the readiness of the whole.
_HEALTH: Final = Reply(template="/health", dialect="minigem", answer=answer_health, refuse=refuse)
ENDPOINTS: Final = (
    *of_mount(Mount.MINIGEM, [_TELEMETRY]),
    *mounted(Mount.MINIGEM, [_TELEMETRY, _HEALTH]),
    *mounted_by_key(Mount.MINIGEM, [structs.replace(_TELEMETRY, scope=Scope.INGEST)]),
)
