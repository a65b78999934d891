"""Our own dialect: the Flowcore collector's four wire generations and what we add to them, one event or a batch.

The generations differ in which of ``domain``, ``eventName`` and ``customProperties`` they have and in the path they post to, so
one shape with everything optional but the page reads all of them, on both paths. Unknown fields are ignored and never stored.
"""

import functools
from collections.abc import Callable
from datetime import datetime
from enum import StrEnum
from typing import Any, Final

import msgspec
from msgspec import Struct, field, structs

from collector.answer import Answer, retry_headers
from collector.arrival import Arrival
from collector.decode import corrected, left_out, moment, money, parse_json, read_json, scalars
from collector.dialects.browser import Browser, host_of, read_browser, site_of_page
from collector.dialects.endpoint import Endpoint, ended_well, told_of
from collector.dialects.keyed import key_in_head
from collector.dialects.passed_on import visitor_of
from collector.dialects.retry_key import checked_key
from collector.hit import Hit, Person, Sender
from collector.kinds.web import EngagementClaim, EventClaim, PageviewClaim, WebClaim
from collector.outcomes import (
    Dropped,
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
from contracts.events import Screen

EVENT_BYTES: Final = 64 * 1024
BATCH_BYTES: Final = 1024 * 1024
BATCH_EVENTS: Final = 1000
LONGEST_ENGAGEMENT_MS: Final = 24 * 3600 * 1000
PAGEVIEW_NAMES: Final = frozenset({"page_view", "pageview"})
SCREENS: Final = {screen.value: screen for screen in Screen}
JSON: Final = ((b"content-type", b"application/json"),)


class Happening(StrEnum):
    """What ``type`` may say."""

    PAGEVIEW = "pageview"
    EVENT = "event"
    ENGAGEMENT = "engagement"


class Revenue(Struct):
    """An amount of money as callers send it."""

    amount: str | int | float
    currency: str


class Engagement(Struct):
    """Time in view, as callers send it: milliseconds and the deepest scroll in percent."""

    ms: int
    scroll: int = 0


class Item(Struct):
    """One event as callers send it; the aliases are the generations' different words for the same thing."""

    type: str | None = None
    id: str | None = None
    domain: str | None = None
    site: str | None = None
    url: str | None = None
    pathname: str | None = None
    referrer: str | None = None
    event_name: str | None = field(default=None, name="eventName")
    name: str | None = None
    custom_properties: dict[str, Any] | None = field(default=None, name="customProperties")
    props: dict[str, Any] | None = None
    revenue: Revenue | None = None
    interactive: bool = True
    engagement: Engagement | None = None
    timestamp: str | None = None
    sent_at: str | None = field(default=None, name="sentAt")
    timezone: str | None = None
    bot: bool = False
    screen: Any = None  # anything but our four words is somebody else's, and ignored
    ip: Any = None  # of pages ignored, whatever it is
    user_agent: Any = field(default=None, name="userAgent")


class Batch(Struct):
    """Up to a thousand items, each still unread, so that one bad item spoils no other."""

    events: list[msgspec.Raw]
    sent_at: str | None = field(default=None, name="sentAt")


_item = msgspec.json.Decoder(Item)
_batch = msgspec.json.Decoder(Batch)


def read_one(arrival: Arrival) -> list[Hit | Rejected]:
    """Return the one hit that the body holds."""
    return [_hit(read_json(arrival, _item), arrival, read_browser(arrival.head))]


def read_batch(arrival: Arrival) -> list[Callable[[], Hit]]:
    """Return each item, in order and still unread, so that what is wrong with one is its own."""
    batch = read_json(arrival, _batch)
    if len(batch.events) > BATCH_EVENTS:
        detail = f"A batch holds at most {BATCH_EVENTS:,} events; send the rest in the next one."
        raise Rejected(RejectReason.TOO_MANY, detail, field="events")
    browser = read_browser(arrival.head)
    return [functools.partial(_hit_of_item, raw, batch, arrival, browser) for raw in batch.events]


def word_one(arrival: Arrival, outcomes: list[Outcome]) -> Answer:
    """Answer 204 as the Flowcore collector does, or with a receipt when ``Prefer: return=representation`` (RFC 7240) asks."""
    outcome = ended_well(outcomes[0])
    told = told_of(outcome)
    if "return=representation" not in arrival.head.header(b"prefer"):
        return Answer(status=204, headers=told)
    receipt = _receipt(outcome) | _left_out_of(arrival.body)
    return Answer(status=200, headers=(*JSON, *told), body=msgspec.json.encode(receipt))


def word_batch(arrival: Arrival, outcomes: list[Outcome]) -> Answer:  # noqa: ARG001  # every dialect words from the same two
    """Answer with a receipt per item, in order.

    Where the stream could not confirm a part it is 503, and where a part was too much 429, so that nobody takes that for
    success: sent again with the same ids, what is stored already is stored once. A batch of which nothing could be stored is
    Unavailable as a whole. A defect of ours costs its own item, or the batch when there is no other.
    """
    lost = [outcome for outcome in outcomes if isinstance(outcome, Unavailable)]
    to_repeat = [outcome for outcome in lost if outcome.reason is not UnavailableReason.DEFECT]
    if to_repeat and not any(isinstance(outcome, Stored) for outcome in outcomes):
        raise to_repeat[0]
    if lost and len(lost) == len(outcomes):
        raise lost[0]
    receipts = [_receipt(outcome) for outcome in outcomes]
    counts = {status: sum(receipt["status"] == status for receipt in receipts) for status in STATUSES}
    too_many = [outcome for outcome in outcomes if isinstance(outcome, Refused) and outcome.reason is RefuseReason.RATE_LIMITED]
    if refused := sum(receipt["status"] == "refused" for receipt in receipts):
        counts["refused"] = refused
    body = msgspec.json.encode(counts | {"results": receipts})
    if to_repeat:
        return Answer(status=503, headers=(*JSON, *retry_headers(to_repeat[0])), body=body)
    if too_many:
        return Answer(status=too_many[-1].status, headers=(*JSON, *retry_headers(too_many[-1])), body=body)
    return Answer(status=200, headers=JSON, body=body)


def _left_out_of(body: bytes) -> dict[str, list[str]]:
    """Return which properties were not kept, to whoever asked for a receipt: lists, nulls, and what lies too deep."""
    item = _item.decode(body)
    names = left_out(item.custom_properties or item.props or {})
    return {"leftOut": names} if names else {}


STATUSES: Final = ("stored", "dropped", "rejected", "unavailable")


def _receipt(outcome: Outcome) -> dict[str, Any]:
    match outcome:
        case Stored(id=id_, duplicate=duplicate, robot=robot):
            return {"status": "stored", "id": id_, "duplicate": duplicate} | ({"robot": robot} if robot else {})
        case Dropped(reason=reason):
            return {"status": "dropped", "reason": reason.value}
        case Rejected(reason=reason, detail=detail, field=name):
            return {"status": "rejected", "code": reason.value, "detail": detail, "field": name}
        case Refused(reason=reason):
            return {"status": "refused", "reason": reason.value}
        case Unavailable(reason=UnavailableReason.DEFECT):
            return {"status": "unavailable", "reason": "defect", "code": 500}
        case Unavailable(reason=reason):
            return {"status": "unavailable", "reason": reason.value}


def _hit_of_item(raw: msgspec.Raw, batch: Batch, arrival: Arrival, browser: Browser) -> Hit:
    item = parse_json(bytes(raw), _item)
    item.sent_at = item.sent_at or batch.sent_at
    return _hit(item, arrival, browser)


def _hit(item: Item, arrival: Arrival, browser: Browser) -> Hit:
    url = item.url if item.url is not None else item.pathname
    if url is None:
        detail = "The page is missing; add pathname, such as /pricing, or url."
        raise Rejected(RejectReason.MISSING_FIELD, detail, field="pathname")
    key = checked_key(item.id)
    name = item.event_name or item.name or ""
    happening = _happening(item, name)
    occurred_at = _occurred_at(item, arrival)
    sender = arrival.sender
    return Hit(
        person=_server_visitor(sender, item)
        if sender.is_server
        else browser.person(timezone=item.timezone or "", is_automated=item.bot),
        sender=sender,
        # A key for one site says which it is; only what names another in so many words contradicts it.
        site=item.domain or item.site or ("" if sender.site else host_of(url) or site_of_page(arrival.head)),
        received_at=arrival.received_at,
        claim=_claim(item, happening, name, url),
        key=key,
        occurred_at=occurred_at,
        signals=browser.signals,
    )


def _server_visitor(sender: Sender, item: Item) -> Person:
    return visitor_of(sender, ip=item.ip, user_agent=item.user_agent, timezone=item.timezone or "", is_automated=item.bot)


def _claim(item: Item, happening: Happening, name: str, url: str) -> WebClaim:
    is_event = happening is Happening.EVENT
    props = scalars(item.custom_properties or item.props or {}, "customProperties") if is_event else {}
    revenue = money(item.revenue.amount, item.revenue.currency, "revenue") if item.revenue else None
    referrer, screen = item.referrer or "", SCREENS.get(item.screen) if isinstance(item.screen, str) else None
    if happening is Happening.PAGEVIEW:
        return PageviewClaim(url=url, referrer=referrer, screen=screen)
    if happening is Happening.ENGAGEMENT:
        measured = _measured(item.engagement)
        return EngagementClaim(
            url=url, referrer=referrer, screen=screen, engaged_ms=measured.ms, scroll_percent=measured.scroll
        )
    return EventClaim(
        url=url,
        referrer=referrer,
        screen=screen,
        name=name,
        props=props,
        revenue=revenue,
        interactive=item.interactive,
    )


def _happening(item: Item, name: str) -> Happening:
    if item.type is not None:
        try:
            happening = Happening(item.type)
        except ValueError:
            detail = f"The type must be one of: {', '.join(Happening)}."
            raise Rejected(RejectReason.OUT_OF_RANGE, detail, field="type") from None
        if happening is Happening.EVENT and not name:
            raise Rejected(RejectReason.MISSING_FIELD, "The event has no name; add eventName.", field="eventName")
        return happening
    if name == "engagement" and item.engagement is not None:
        return Happening.ENGAGEMENT
    return Happening.PAGEVIEW if not name or name in PAGEVIEW_NAMES else Happening.EVENT


def _measured(engagement: Engagement | None) -> Engagement:
    if engagement is None:
        detail = "The engagement is missing; add engagement with ms and scroll."
        raise Rejected(RejectReason.MISSING_FIELD, detail, field="engagement")
    if not 0 <= engagement.ms <= LONGEST_ENGAGEMENT_MS or not 0 <= engagement.scroll <= 100:  # noqa: PLR2004  # percent
        detail = "The engagement must have ms from 0 to one day's worth, and scroll from 0 to 100."
        raise Rejected(RejectReason.OUT_OF_RANGE, detail, field="engagement")
    return engagement


def _occurred_at(item: Item, arrival: Arrival) -> datetime | None:
    if item.timestamp is None:
        return None
    sent = moment(item.sent_at, "sentAt") if item.sent_at is not None else None
    return corrected(moment(item.timestamp, "timestamp"), sent, arrival.received_at)


_ONE: Final = Endpoint(
    template="/api/event",
    dialect="native",
    methods=("POST",),
    limit=EVENT_BYTES,
    read=read_one,
    word=word_one,
    scope=Scope.INGEST,
    shown_key=key_in_head,
)
ENDPOINTS: Final = (
    _ONE,
    structs.replace(_ONE, template="/api/pageview"),
    structs.replace(_ONE, template="/api/events/batch", dialect="batch", limit=BATCH_BYTES, read=read_batch, word=word_batch),
)
