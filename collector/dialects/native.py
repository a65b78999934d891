"""Our own dialect: the Flowcore collector's four wire generations and what we add to them, one event or a batch.

The generations differ in which of ``domain``, ``eventName`` and ``customProperties`` they have and in the path they post to, so
one shape with everything optional but the page reads all of them, on both paths. Unknown fields are ignored and never stored.
"""

from typing import Any, Final

import msgspec
from msgspec import Struct, field

from collector.arrival import Arrival
from collector.decode import Engagement, Revenue, corrected, moment, money, parse_json, read_json, scalars
from collector.dialects.browser import host_of, person, site_of_page
from collector.dialects.route import Answer, Outcome, Route, settled
from collector.hit import Hit, HitKind
from collector.outcomes import Dropped, Rejected, RejectReason, Unavailable
from collector.stream.parcel import Stored

EVENT_BYTES: Final = 64 * 1024
BATCH_BYTES: Final = 1024 * 1024
BATCH_EVENTS: Final = 1000
LONGEST_KEY: Final = 128
LONGEST_ENGAGEMENT_MS: Final = 24 * 3600 * 1000
PAGEVIEW_NAMES: Final = frozenset({"page_view", "pageview"})
JSON: Final = ((b"content-type", b"application/json"),)


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


class Batch(Struct):
    """Up to a thousand items, each still unread, so that one bad item spoils no other."""

    events: list[msgspec.Raw]
    sent_at: str | None = field(default=None, name="sentAt")


_item = msgspec.json.Decoder(Item)
_batch = msgspec.json.Decoder(Batch)


def read_one(arrival: Arrival) -> list[Hit | Rejected]:
    """Return the one hit that the body holds."""
    return [_hit(read_json(arrival, _item), arrival, person(arrival))]


def read_batch(arrival: Arrival) -> list[Hit | Rejected]:
    """Return a hit or a refusal for each item, in order."""
    batch = read_json(arrival, _batch)
    if len(batch.events) > BATCH_EVENTS:
        detail = f"A batch holds at most {BATCH_EVENTS:,} events; send the rest in the next one."
        raise Rejected(RejectReason.TOO_MANY, detail, field="events")
    sender = person(arrival)
    return [_hit_or_refusal(raw, batch, arrival, sender) for raw in batch.events]


def word_one(arrival: Arrival, outcomes: list[Outcome]) -> Answer:
    """Answer 204 as the Flowcore collector does, or with a receipt when ``Prefer: return=representation`` (RFC 7240) asks."""
    outcome = settled(outcomes[0])
    dropped = ((b"x-collector-dropped", outcome.reason.value.encode()),) if isinstance(outcome, Dropped) else ()
    if "return=representation" not in arrival.header(b"prefer"):
        return Answer(status=204, headers=dropped)
    return Answer(status=200, headers=(*JSON, *dropped), body=msgspec.json.encode(_receipt(outcome)))


def word_batch(arrival: Arrival, outcomes: list[Outcome]) -> Answer:  # noqa: ARG001  # every dialect words from the same two
    """Answer with a receipt per item, in order; a batch of which nothing could be stored is Unavailable as a whole."""
    lost = [outcome for outcome in outcomes if isinstance(outcome, Unavailable)]
    if lost and not any(isinstance(outcome, Stored) for outcome in outcomes):
        raise lost[0]
    receipts = [_receipt(outcome) for outcome in outcomes]
    counts = {status: sum(receipt["status"] == status for receipt in receipts) for status in STATUSES}
    return Answer(status=200, headers=JSON, body=msgspec.json.encode(counts | {"results": receipts}))


STATUSES: Final = ("stored", "dropped", "rejected", "unavailable")


def _receipt(outcome: Outcome) -> dict[str, Any]:
    match outcome:
        case Stored(id=id_, duplicate=duplicate):
            return {"status": "stored", "id": id_, "duplicate": duplicate}
        case Dropped(reason=reason):
            return {"status": "dropped", "reason": reason.value}
        case Rejected(reason=reason, detail=detail, field=name):
            return {"status": "rejected", "code": reason.value, "detail": detail, "field": name}
        case Unavailable(reason=reason):
            return {"status": "unavailable", "reason": reason.value}


def _hit_or_refusal(raw: msgspec.Raw, batch: Batch, arrival: Arrival, sender: dict[str, Any]) -> Hit | Rejected:
    try:
        item = parse_json(bytes(raw), _item)
        item.sent_at = item.sent_at or batch.sent_at
        return _hit(item, arrival, sender)
    except Rejected as refusal:
        return refusal


def _hit(item: Item, arrival: Arrival, sender: dict[str, Any]) -> Hit:
    url = item.url if item.url is not None else item.pathname
    if url is None:
        detail = "The page is missing; add pathname, such as /pricing, or url."
        raise Rejected(RejectReason.MISSING_FIELD, detail, field="pathname")
    if item.id is not None and not 0 < len(item.id) <= LONGEST_KEY:
        raise Rejected(RejectReason.TOO_LONG, f"The id must have 1 to {LONGEST_KEY} characters.", field="id")
    name = item.event_name or item.name or ""
    kind = _kind(item, name)
    return Hit(
        **sender,
        kind=kind,
        site=item.domain or item.site or host_of(url) or site_of_page(arrival),
        url=url,
        referrer=item.referrer or "",
        key=item.id,
        occurred_at=_occurred_at(item, arrival),
        name=name if kind is HitKind.EVENT else "",
        props=scalars(item.custom_properties or item.props or {}, "customProperties") if kind is HitKind.EVENT else {},
        revenue=money(item.revenue.amount, item.revenue.currency, "revenue") if item.revenue else None,
        interactive=item.interactive,
        **_engagement(item.engagement, kind),
        timezone=item.timezone or "",
        bot_hint=item.bot,
    )


def _kind(item: Item, name: str) -> HitKind:
    if item.type is not None:
        try:
            kind = HitKind(item.type)
        except ValueError:
            detail = f"The type must be one of: {', '.join(HitKind)}."
            raise Rejected(RejectReason.OUT_OF_RANGE, detail, field="type") from None
        if kind is HitKind.EVENT and not name:
            raise Rejected(RejectReason.MISSING_FIELD, "The event has no name; add eventName.", field="eventName")
        return kind
    if name == "engagement" and item.engagement is not None:
        return HitKind.ENGAGEMENT
    return HitKind.PAGEVIEW if not name or name in PAGEVIEW_NAMES else HitKind.EVENT


def _engagement(engagement: Engagement | None, kind: HitKind) -> dict[str, Any]:
    if kind is not HitKind.ENGAGEMENT:
        return {}
    if engagement is None:
        detail = "The engagement is missing; add engagement with ms and scroll."
        raise Rejected(RejectReason.MISSING_FIELD, detail, field="engagement")
    if not 0 <= engagement.ms <= LONGEST_ENGAGEMENT_MS or not 0 <= engagement.scroll <= 100:  # noqa: PLR2004  # percent
        detail = "The engagement must have ms from 0 to one day's worth, and scroll from 0 to 100."
        raise Rejected(RejectReason.OUT_OF_RANGE, detail, field="engagement")
    return {"engaged_ms": engagement.ms, "scroll_percent": engagement.scroll}


def _occurred_at(item: Item, arrival: Arrival) -> Any:
    if item.timestamp is None:
        return None
    sent = moment(item.sent_at, "sentAt") if item.sent_at is not None else None
    return corrected(moment(item.timestamp, "timestamp"), sent, arrival.received_at)


ROUTES: Final = (
    Route(path="/api/event", dialect="native", methods=("POST",), limit=EVENT_BYTES, read=read_one, word=word_one),
    Route(path="/api/pageview", dialect="native", methods=("POST",), limit=EVENT_BYTES, read=read_one, word=word_one),
    Route(path="/api/events/batch", dialect="batch", methods=("POST",), limit=BATCH_BYTES, read=read_batch, word=word_batch),
)
