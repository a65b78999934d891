"""The web family: a page was seen, something happened on it, it was in view for a while."""

from datetime import date
from enum import StrEnum
from typing import Annotated, ClassVar, TypeAlias

from msgspec import Meta, Struct

from contracts.events.envelope import FIRST_YEAR, LAST_YEAR, Code, Fact, Money, Scalar

# 128 bits as hex, or 256 of a derived salt; empty where a server's fact names nobody, which makes no visitor and no visit.
Visitor: TypeAlias = Annotated[str, Meta(pattern=r"^([0-9a-f]{32}|[0-9a-f]{64})?$")]
Language: TypeAlias = Annotated[str, Meta(pattern=r"^([a-z]{2,3})?$")]  # primary subtag of BCP 47
MajorVersion: TypeAlias = Annotated[str, Meta(pattern=r"^([0-9]{1,4})?$")]


class BotRule(Code):
    """Which rule said that a robot caused the fact; the rule lists' version is the fact's ``lists``."""

    CRAWLER = "crawler"
    AUTOMATION = "automation"
    NO_USER_AGENT = "no_user_agent"
    NO_BROWSER = "no_browser"
    REFERRER_SPAM = "referrer_spam"
    OTHER = "other"


class Channel(Code):
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


class Evidence(Code):
    """What was seen before the person was forgotten and may count when the past is judged again; never a text of theirs."""

    NO_BROWSER_TOKEN = "no_browser_token"  # noqa: S105  # a word of user agents, no secret
    AUTOMATION = "automation"
    HEADER_SHAPE = "header_shape"
    ROBOT_LIST = "robot_list"
    HOSTING_NETWORK = "hosting_network"
    OTHER = "other"


class DeviceKind(StrEnum):
    """The form of the device, read from the user agent before it is forgotten."""

    DESKTOP = "desktop"
    MOBILE = "mobile"
    TABLET = "tablet"
    OTHER = "other"


class Screen(StrEnum):
    """How wide the screen is, in CSS pixels: below 576, below 992, below 1440, and from there on."""

    SMALL = "small"
    MEDIUM = "medium"
    LARGE = "large"
    WIDE = "wide"


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
    """Families and major versions only, never a full user agent; an empty string is "not known"."""

    kind: DeviceKind = DeviceKind.OTHER
    browser: str = ""
    browser_version: str = ""
    os: str = ""
    os_version: MajorVersion = ""


class Place(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """An ISO 3166-1 alpha-2 country code, and an ISO 3166-2 subdivision where a database gave one; empty is "not known"."""

    country: str = ""
    region: str = ""


class WebFact(Fact, frozen=True, kw_only=True, omit_defaults=True):
    """The envelope of the web family: on which page, by whom on that day, from where and with what; nobody is in it.

    ``salt_day`` is the UTC day whose salt keyed ``visitor``; ids of different days cannot be linked. ``language`` is the
    primary subtag of the language that the browser asks for first. ``bot`` is None for a human, and ``evidence`` is what
    later rules may judge by.
    """

    family: ClassVar[str] = "web"

    salt_day: date
    visitor: Visitor = ""
    page: Page
    source: Source = Source()
    device: Device = Device()
    place: Place = Place()
    language: Language = ""
    screen: Screen | None = None
    bot: BotRule | None = None
    bot_name: str = ""
    evidence: tuple[Evidence, ...] = ()

    def __post_init__(self) -> None:
        super().__post_init__()
        if not FIRST_YEAR <= self.salt_day.year <= LAST_YEAR:
            raise ValueError(f"a salt's day lies between the years {FIRST_YEAR} and {LAST_YEAR}")


class PageViewed(WebFact, frozen=True, kw_only=True, omit_defaults=True, tag_field="type", tag="page_viewed.v2"):
    """Somebody saw a page; a change of address inside a single-page app counts as one."""


class EventRecorded(WebFact, frozen=True, kw_only=True, omit_defaults=True, tag_field="type", tag="event_recorded.v2"):
    """Something with a name happened on a page; ``interactive`` says whether it keeps the visit from being a bounce."""

    name: str
    props: dict[str, Scalar] = {}  # noqa: RUF012  # msgspec copies it
    revenue: Money | None = None
    interactive: bool = True


class EngagementMeasured(
    WebFact, frozen=True, kw_only=True, omit_defaults=True, tag_field="type", tag="engagement_measured.v2"
):
    """A page was in view and in focus for ``engaged_ms`` more milliseconds, and was scrolled down to ``scroll_percent``."""

    engaged_ms: int
    scroll_percent: int = 0


WebEvent: TypeAlias = PageViewed | EventRecorded | EngagementMeasured
FACTS: tuple[type[WebFact], ...] = (PageViewed, EventRecorded, EngagementMeasured)
