"""The web family's first version, as it was published: a device without the version of its operating system.

Its classes are called as those of today, because a schema names them; ``contracts/upcasts.py`` reads them as those of today.
"""

from datetime import date
from typing import ClassVar

from msgspec import Struct

from contracts.events.envelope import FIRST_YEAR, LAST_YEAR, Fact, Money, Scalar
from contracts.events.web import BotRule, DeviceKind, Evidence, Language, Page, Place, Screen, Source, Visitor


class Device(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Families only, never a full user agent; an empty string is "not known"."""

    kind: DeviceKind = DeviceKind.OTHER
    browser: str = ""
    browser_version: str = ""
    os: str = ""


class WebFact(Fact, frozen=True, kw_only=True, omit_defaults=True):
    """The envelope of the web family; see ``contracts/events/web.py``."""

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


class PageViewed(WebFact, frozen=True, kw_only=True, omit_defaults=True, tag_field="type", tag="page_viewed.v1"):
    """Somebody saw a page; a change of address inside a single-page app counts as one."""


class EventRecorded(WebFact, frozen=True, kw_only=True, omit_defaults=True, tag_field="type", tag="event_recorded.v1"):
    """Something with a name happened on a page; ``interactive`` says whether it keeps the visit from being a bounce."""

    name: str
    props: dict[str, Scalar] = {}  # noqa: RUF012  # msgspec copies it
    revenue: Money | None = None
    interactive: bool = True


class EngagementMeasured(
    WebFact, frozen=True, kw_only=True, omit_defaults=True, tag_field="type", tag="engagement_measured.v1"
):
    """A page was in view and in focus for ``engaged_ms`` more milliseconds, and was scrolled down to ``scroll_percent``."""

    engaged_ms: int
    scroll_percent: int = 0


FACTS: tuple[type[WebFact], ...] = (PageViewed, EventRecorded, EngagementMeasured)
