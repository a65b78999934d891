"""The dialect of bilan-server: events of AI conversations, one, a list, or a list called ``events``; and the votes of v0.3."""

import functools
from collections.abc import Callable, Sequence
from typing import Any, Final

import msgspec
from msgspec import structs

from collector.addresses import Mark
from collector.arrival import Arrival, Head
from collector.decode import (
    JSON_MEDIA,
    may_reach_a_prototype,
    parse_json,
    reaches_a_prototype,
    refuse_controls,
    without_halves,
)
from collector.dialects.bilan_items import TEXTS, claim_of, time_of, vote_of
from collector.dialects.bilan_words import BODY, EVENTS, refuse, refuse_events, word_events, word_votes
from collector.dialects.browser import read_browser, site_of_page
from collector.dialects.endpoint import Endpoint, Item
from collector.dialects.mounted import mounted, mounted_by_key, of_mount
from collector.dialects.passed_on import visitor_of
from collector.dialects.retry_key import checked_key, key_apart
from collector.hit import Hit
from collector.kinds.turns import TurnsClaim
from collector.outcomes import Rejected, RejectReason
from contracts.control.keys import Scope
from contracts.keys import key_in_authorization
from contracts.mounts import Mount

BODY_BYTES: Final = 1024 * 1024
BATCH_EVENTS: Final = 1000

Claims = Callable[[dict[str, Any]], TurnsClaim]
_anything = msgspec.json.Decoder()


def key_of(head: Head) -> str | None:
    """Return the key in Authorization, behind ``Bearer`` or alone, as bilan reads it; None where there is none."""
    said = head.header(b"authorization")
    return key_in_authorization(said) if said else None


def read_events(arrival: Arrival) -> Sequence[Item]:
    """Return each event of the body, still unread, so that what is wrong with one is its own."""
    body = _read_body(arrival)
    if body is _NO_JSON:
        return [Rejected(RejectReason.NOT_JSON, "The text is not JSON; send an event as application/json.")]
    if body is None:
        raise Rejected(RejectReason.SHAPE, "The body is null; send an event, a list of events or {events: [...]}.")
    events = body.get("events", [body]) if isinstance(body, dict) else body if isinstance(body, list) else [body]
    if not isinstance(events, list):
        raise Rejected(RejectReason.WRONG_TYPE, "Events must be an array", field=EVENTS)
    if len(events) > BATCH_EVENTS:
        raise Rejected(RejectReason.TOO_MANY, f"Maximum {BATCH_EVENTS} events per request", field=EVENTS)
    to_hit = _to_hit(arrival, claim_of)
    return [functools.partial(to_hit, event) for event in events]


def read_votes(arrival: Arrival) -> Sequence[Item]:
    """Return each vote of a request of v0.3; one that lacks something spoils the request, of which nothing is stored."""
    votes = _anything.decode(without_halves(arrival.body))["events"]
    if len(votes) > BATCH_EVENTS:
        raise Rejected(RejectReason.TOO_MANY, f"Maximum {BATCH_EVENTS} events per request", field=EVENTS)
    return list(map(_to_hit(arrival, vote_of), votes))


def has_votes(body: bytes) -> bool:
    """Say whether *body* is of v0.3: some of ``events`` are votes on prompts, and none says what type of event it is."""
    if (b'"promptId"' not in body and b'"value"' not in body) or b'"eventType"' in body or b'"event_type"' in body:
        return False
    try:
        said = _anything.decode(without_halves(body))
    except (msgspec.MsgspecError, RecursionError, UnicodeError):
        return False
    events = said.get("events") if isinstance(said, dict) else None
    return isinstance(events, list) and any(map(_is_vote, events))


_NO_JSON: Final = object()


def _read_body(arrival: Arrival) -> Any:
    """Return what the body says; a text that is no JSON is one event that says nothing, as it is for bilan."""
    media = arrival.head.headers.get(b"content-type", b"").partition(b";")[0].strip().lower()
    if media not in JSON_MEDIA:
        raise Rejected(RejectReason.MEDIA_TYPE, "Unsupported Media Type", status=415)
    if not arrival.body:
        detail = "Body cannot be empty when content-type is set to 'application/json'"
        raise Rejected(RejectReason.SHAPE, detail, field=BODY)
    try:
        body = _anything.decode(without_halves(arrival.body))
    except (msgspec.MsgspecError, RecursionError, UnicodeError):
        if media == b"text/plain":
            return _NO_JSON
        return parse_json(arrival.body, _anything)  # which says what is wrong
    if may_reach_a_prototype(arrival.body) and reaches_a_prototype(body):  # as Fastify does
        raise Rejected(RejectReason.SHAPE, "Object contains forbidden prototype property")
    return body


def _is_vote(event: Any) -> bool:
    return isinstance(event, dict) and ("promptId" in event or "value" in event)


def _may_hold_controls(body: bytes) -> bool:
    return b"\x7f" in body or (b"\\" in body and (b"\\u00" in body or b"\\b" in body or b"\\f" in body))


def _to_hit(arrival: Arrival, claim: Claims) -> Callable[[Any], Hit]:
    """Return what makes a hit of each event of the request, whose sender is read once."""
    sender, browser, has_controls = arrival.sender, read_browser(arrival.head), _may_hold_controls(arrival.body)
    person = visitor_of(sender) if sender.is_server else browser.person()
    # Nobody is believed without a key: what comes so is for the site that is bound to the mount.
    site = site_of_page(arrival.head) if sender.credential and not sender.site else ""

    def hit_of(event: Any) -> Hit:
        if not isinstance(event, dict):
            raise Rejected(RejectReason.WRONG_TYPE, "An event must be an object.")
        if has_controls:
            refuse_controls({name: said for name, said in event.items() if name not in TEXTS})  # those are cleaned
        claimed = claim(event)
        return Hit(
            person=person,
            sender=sender,
            site=site,
            received_at=arrival.received_at,
            claim=claimed,
            key=key_apart(checked_key(claimed.key or None), claimed.ids),
            occurred_at=time_of(event),
            signals=browser.signals,
        )

    return hit_of


_EVENTS: Final = Endpoint(
    template="/api/events",
    dialect="bilan",
    methods=("POST",),
    limit=BODY_BYTES,
    read=read_events,
    word=word_events,
    refuse=refuse_events,
    scope=Scope.INGEST,
    shown_key=key_of,
)
_PARTS: Final = (
    _EVENTS,
    structs.replace(_EVENTS, read=read_votes, word=word_votes, refuse=refuse, mark=Mark(shape=has_votes)),
)
ENDPOINTS: Final = (
    *of_mount(Mount.BILAN, _PARTS),
    *mounted(Mount.BILAN, _PARTS),
    *mounted_by_key(Mount.BILAN, _PARTS),
)
