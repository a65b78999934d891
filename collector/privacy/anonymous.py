"""Anonymous: what is left of a hit once the person is gone; the only thing that leaves collector/privacy."""

from datetime import date, datetime

from msgspec import Struct

from collector.hit import HitKind
from contracts.events import BotRule, Device, Money, Page, Place, Scalar, Source


class Anonymous(Struct, frozen=True, kw_only=True):
    """A hit without address and user agent, ready to be recorded as a fact."""

    kind: HitKind
    tenant: str
    site: str
    received_at: datetime
    occurred_at: datetime
    salt_day: date
    visitor: str
    page: Page
    source: Source
    device: Device
    place: Place
    bot: BotRule | None
    bot_name: str
    key: str | None
    name: str
    props: dict[str, Scalar]
    revenue: Money | None
    interactive: bool
    engaged_ms: int
    scroll_percent: int
    batch: str | None
    lists: str
    places: str
