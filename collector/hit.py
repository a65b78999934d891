"""Hit: one request's claim that something happened, with the person still in it; it lives for microseconds."""

from datetime import datetime
from enum import StrEnum

from msgspec import Struct

from contracts.events import Money, Scalar


class HitKind(StrEnum):
    """What the caller says happened."""

    PAGEVIEW = "pageview"
    EVENT = "event"
    ENGAGEMENT = "engagement"


class Hit(Struct, frozen=True, kw_only=True):
    """What a dialect read from one request item. Only dialects, admit and privacy may touch ``ip`` and ``user_agent``.

    ``site`` is what the caller claims ("" when nothing was said); ``url`` is a path or a full address with its query.
    ``key`` is the caller's own id for retries. ``occurred_at`` is already corrected for the caller's clock, None for "now".
    ``bot_hint`` is a client's own word that it is automated; ``signals`` are opt-out headers that were set.
    """

    kind: HitKind
    received_at: datetime
    site: str
    ip: str
    user_agent: str
    url: str
    referrer: str = ""
    key: str | None = None
    occurred_at: datetime | None = None
    name: str = ""
    props: dict[str, Scalar] = {}
    revenue: Money | None = None
    interactive: bool = True
    engaged_ms: int = 0
    scroll_percent: int = 0
    timezone: str = ""
    signals: frozenset[str] = frozenset()
    bot_hint: bool = False
    batch: str | None = None

    def __repr__(self) -> str:
        return f"Hit(kind={self.kind.value!r})"

    __str__ = __repr__

    def __rich_repr__(self) -> list[tuple[str, object]]:
        # msgspec's own shows every field, and rich prints it in tracebacks.
        return [("kind", self.kind.value)]
