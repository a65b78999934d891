"""The facts: one frozen struct per published event version; its docstring is its meaning, CATALOGUE is the list."""

from datetime import date, datetime
from enum import StrEnum
from typing import Annotated, TypeAlias

from msgspec import Meta, Struct

__all__ = [
    "CATALOGUE",
    "BotRule",
    "Channel",
    "Device",
    "DeviceKind",
    "EngagementMeasured",
    "Event",
    "EventRecorded",
    "Fact",
    "Moment",
    "Money",
    "Page",
    "PageViewed",
    "Place",
    "Scalar",
    "Source",
]

Scalar: TypeAlias = str | int | float | bool
Moment: TypeAlias = Annotated[datetime, Meta(tz=True)]  # RFC 3339 with an offset; always UTC in what we write


class BotRule(StrEnum):
    """Which rule said that a robot caused the fact; the rule lists' versions are in the fact's ``enrichers``."""

    CRAWLER = "crawler"
    AUTOMATION = "automation"
    NO_USER_AGENT = "no_user_agent"
    REFERRER_SPAM = "referrer_spam"


class Channel(StrEnum):
    """How the visitor came: the GA4 default channel groups that need no cookie, and AI assistants."""

    DIRECT = "Direct"
    ORGANIC_SEARCH = "Organic Search"
    PAID_SEARCH = "Paid Search"
    ORGANIC_SOCIAL = "Organic Social"
    PAID_SOCIAL = "Paid Social"
    AI_ASSISTANT = "AI Assistant"
    EMAIL = "Email"
    AFFILIATES = "Affiliates"
    DISPLAY = "Display"
    REFERRAL = "Referral"
    OTHER = "Other"


class DeviceKind(StrEnum):
    """The form of the device, read from the user agent before it is forgotten."""

    DESKTOP = "desktop"
    MOBILE = "mobile"
    TABLET = "tablet"
    OTHER = "other"


class Page(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Where it happened: a host in lower case and a path without query, fragment or anything that looks personal."""

    hostname: str
    path: str


class Source(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Where the visitor came from: the referrer's origin, a name for it, a channel, and the campaign's utm_ tags."""

    name: str = "Direct"
    channel: Channel = Channel.DIRECT
    referrer: str = ""
    utm_source: str = ""
    utm_medium: str = ""
    utm_campaign: str = ""
    utm_term: str = ""
    utm_content: str = ""


class Device(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Families only, never a full user agent; an empty string is "not known"."""

    kind: DeviceKind = DeviceKind.OTHER
    browser: str = ""
    browser_version: str = ""
    os: str = ""


class Place(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """An ISO 3166-1 alpha-2 country code, and an ISO 3166-2 subdivision where a database gave one; empty is "not known"."""

    country: str = ""
    region: str = ""


class Money(Struct, frozen=True, kw_only=True):
    """An exact amount as decimal text (floats do not add up) in an ISO 4217 currency."""

    amount: str
    currency: str


class Fact(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The envelope of every event: who said what happened where and when, with nobody in it.

    ``id`` is a UUID, version 7 when ours and version 8 when derived from a caller's or an import's key (RFC 9562).
    ``occurred_at`` is the corrected client time, ``received_at`` ours, both UTC. ``salt_day`` is the UTC day whose salt keyed
    ``visitor`` (128 bits as hex); ids of different days cannot be linked. ``bot`` is None for a human. ``batch`` names the
    import. ``enrichers`` holds the version of each list that was used before the fact was stored.
    """

    id: str
    tenant: str
    site: str
    occurred_at: Moment
    received_at: Moment
    salt_day: date
    visitor: str
    page: Page
    source: Source = Source()
    device: Device = Device()
    place: Place = Place()
    bot: BotRule | None = None
    bot_name: str = ""
    batch: str | None = None
    enrichers: dict[str, str] = {}


class PageViewed(Fact, frozen=True, kw_only=True, omit_defaults=True, tag_field="type", tag="page_viewed.v1"):
    """Somebody saw a page; a change of address inside a single-page app counts as one."""


class EventRecorded(Fact, frozen=True, kw_only=True, omit_defaults=True, tag_field="type", tag="event_recorded.v1"):
    """Something with a name happened on a page; ``interactive`` says whether it keeps the visit from being a bounce."""

    name: str
    props: dict[str, Scalar] = {}
    revenue: Money | None = None
    interactive: bool = True


class EngagementMeasured(Fact, frozen=True, kw_only=True, omit_defaults=True, tag_field="type", tag="engagement_measured.v1"):
    """A page was in view and in focus for ``engaged_ms`` more milliseconds, and was scrolled down to ``scroll_percent``."""

    engaged_ms: int
    scroll_percent: int = 0


Event: TypeAlias = PageViewed | EventRecorded | EngagementMeasured

CATALOGUE: tuple[type[Fact], ...] = (PageViewed, EventRecorded, EngagementMeasured)
