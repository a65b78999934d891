"""One native event as callers send it, in any of the generations of the form, and the hit that it means."""

from datetime import datetime
from enum import StrEnum
from typing import Any, Final

import msgspec
from msgspec import UNSET, Struct, UnsetType, field

from collector.arrival import Arrival
from collector.decode import corrected, left_out, moment, money, parse_json, scalars
from collector.dialects.browser import Browser, host_of, site_of_page
from collector.dialects.passed_on import visitor_of
from collector.dialects.retry_key import checked_key
from collector.dialects.wrong_names import checked_name, checked_site, refuse_misspelt
from collector.hit import Hit, Person, Sender
from collector.kinds.web import EngagementClaim, EventClaim, PageviewClaim, WebClaim
from collector.outcomes import Change, Rejected, RejectReason
from collector.privacy.url import url_of_path
from contracts.events import Screen

LONGEST_ENGAGEMENT_MS: Final = 24 * 3600 * 1000
ENGAGEMENT_NAME: Final = "engagement"
PAGEVIEW_NAMES: Final = frozenset({"page_view", "pageview"})
SCREENS: Final = {screen.value: screen for screen in Screen}


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
    """One event as callers send it; the aliases are the generations' different words for the same thing.

    A name that is null was meant to be one: without it there is a pageview.
    """

    type: str | None = None
    id: str | None = None
    domain: str | None = None
    site: str | None = None
    url: str | None = None
    pathname: str | None = None
    referrer: str | None = None
    event_name: str | UnsetType = field(default=UNSET, name="eventName")
    name: str | UnsetType = UNSET
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


class KnownItem(Item, forbid_unknown_fields=True):
    """One event with none but our fields, as nearly all are: what reads it tells by that alone that nothing is misspelt."""


FIELDS: Final = frozenset(Item.__struct_encode_fields__)
_known_item: Final = msgspec.json.Decoder(KnownItem)
_any_item: Final = msgspec.json.Decoder(Item)


def read_item(body: bytes) -> tuple[Item, tuple[Change, ...]]:
    """Return the event that *body* holds and whether a field of it was ignored, or raise Rejected.

    Other clients' own fields are ignored; one that is eventName misspelt would make a pageview of an event, and is refused.
    """
    try:
        return parse_json(body, _known_item), ()
    except Rejected as refusal:
        if refusal.reason is not RejectReason.WRONG_TYPE:
            raise
    item = parse_json(body, _any_item)
    if item.event_name is UNSET and item.name is UNSET and item.type is None:
        refuse_misspelt(body, FIELDS)
    return item, (Change.FIELD_UNKNOWN,)


def properties_left_out(body: bytes) -> list[str]:
    """Return which properties of the event that *body* holds were not kept: lists, nulls, and what lies too deep."""
    return left_out(_properties(_any_item.decode(body)))


def hit_of(item: Item, changes: tuple[Change, ...], arrival: Arrival, browser: Browser) -> Hit:
    """Return the hit that *item* means, of which *changes* are known already, or raise Rejected."""
    url = item.url if item.url is not None else None if item.pathname is None else url_of_path(item.pathname)
    if url is None:
        detail = "The page is missing; add pathname, such as /pricing, or url."
        raise Rejected(RejectReason.MISSING_FIELD, detail, field="pathname")
    key = checked_key(item.id)
    site = _site_of(item)
    name = _name_of(item)
    happening = _happening(item, name)
    occurred_at = _occurred_at(item, arrival)
    sender = arrival.sender
    return Hit(
        person=_server_visitor(sender, item)
        if sender.is_server
        else browser.person(timezone=item.timezone or "", is_automated=item.bot),
        sender=sender,
        # A key for one site says which it is; only what names another in so many words contradicts it.
        site=site or ("" if sender.site else host_of(url) or site_of_page(arrival.head)),
        received_at=arrival.received_at,
        claim=_claim(item, happening, name, url),
        key=key,
        occurred_at=occurred_at,
        signals=browser.signals,
        changes=(*changes, *_unused(item, happening)),
    )


def _server_visitor(sender: Sender, item: Item) -> Person:
    return visitor_of(sender, ip=item.ip, user_agent=item.user_agent, timezone=item.timezone or "", is_automated=item.bot)


def _site_of(item: Item) -> str:
    if item.domain is not None:
        return checked_site(item.domain, "domain")
    return "" if item.site is None else checked_site(item.site, "site")


def _name_of(item: Item) -> str:
    if item.event_name is not UNSET:
        return checked_name(item.event_name, "eventName")
    return "" if item.name is UNSET else checked_name(item.name, "name")


def _properties(item: Item) -> dict[str, Any]:
    """Return the properties by either of their names; where both say one, by the longer name."""
    if item.props and item.custom_properties:
        return item.props | item.custom_properties
    return item.custom_properties or item.props or {}


def _claim(item: Item, happening: Happening, name: str, url: str) -> WebClaim:
    is_event = happening is Happening.EVENT
    props = scalars(_properties(item), "customProperties") if is_event else {}
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


def _unused(item: Item, happening: Happening) -> tuple[Change, ...]:
    """Return what *item* says beside what it is: a pageview has neither properties nor revenue, an event no lists."""
    props = _properties(item)
    if happening is Happening.EVENT:
        return (Change.PROPS_LEFT_OUT,) if props and left_out(props) else ()
    return (*((Change.PROPS_UNUSED,) if props else ()), *((Change.REVENUE_UNUSED,) if item.revenue else ()))


def _happening(item: Item, name: str) -> Happening:
    if item.type is not None:
        return _happening_of_type(item.type, name)
    if name == ENGAGEMENT_NAME and item.engagement is not None:
        return Happening.ENGAGEMENT
    if name:
        return Happening.PAGEVIEW if name in PAGEVIEW_NAMES else Happening.EVENT
    if item.revenue is not None or item.engagement is not None:
        detail = "What has revenue or engagement is no pageview, and has no name; add eventName."
        raise Rejected(RejectReason.MISSING_FIELD, detail, field="eventName")
    return Happening.PAGEVIEW


def _happening_of_type(type_: str, name: str) -> Happening:
    try:
        happening = Happening(type_)
    except ValueError:
        detail = f"The type must be one of: {', '.join(Happening)}."
        raise Rejected(RejectReason.OUT_OF_RANGE, detail, field="type") from None
    if happening is Happening.EVENT and not name:
        raise Rejected(RejectReason.MISSING_FIELD, "The event has no name; add eventName.", field="eventName")
    if happening is Happening.PAGEVIEW and name and name not in PAGEVIEW_NAMES:
        detail = "A pageview has no name of its own; send the type event, or leave the name out."
        raise Rejected(RejectReason.OUT_OF_RANGE, detail, field="type")
    return happening


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
