"""The web family: a page was seen, something happened on it, it was in view for a while."""

from datetime import datetime, timedelta
from typing import Any, Final

from collector.hit import Claim, Hit
from collector.kinds.kind import Kind
from collector.privacy.enrich.lists import Lists
from collector.privacy.enrich.referrer import source_of_visit
from collector.privacy.enrich.robot import REFERRER_SPAM
from collector.privacy.props import redact_props
from collector.privacy.redact import clean, redact
from collector.privacy.remains import Remains
from collector.privacy.url import reduce_url
from contracts.events import (
    EngagementMeasured,
    EventRecorded,
    Money,
    Page,
    PageViewed,
    Scalar,
    Screen,
    WebEvent,
)

NAME_BYTES = 120
_EARLIEST = timedelta(days=-7)
_LATEST = timedelta(minutes=5)


class WebClaim(Claim, frozen=True, kw_only=True):
    """On which page; ``url`` is a path or a full address with its query."""

    url: str
    referrer: str = ""
    screen: Screen | None = None


class PageviewClaim(WebClaim, frozen=True, kw_only=True):
    """Somebody saw the page."""


class EventClaim(WebClaim, frozen=True, kw_only=True):
    """Something with a name happened on the page."""

    name: str
    props: dict[str, Scalar] = {}  # noqa: RUF012  # msgspec copies it
    revenue: Money | None = None
    interactive: bool = True


class EngagementClaim(WebClaim, frozen=True, kw_only=True):
    """The page was in view for so many more milliseconds, and was scrolled down to so many percent."""

    engaged_ms: int = 0
    scroll_percent: int = 0


def happened_at(hit: Hit) -> datetime:
    """Return when it happened; a client whose clock is far off is taken to mean "now", but an import keeps its own times."""
    if hit.occurred_at is None:
        return hit.received_at
    if hit.batch is not None or _EARLIEST <= hit.occurred_at - hit.received_at <= _LATEST:
        return hit.occurred_at
    return hit.received_at


def fact(claim: WebClaim, envelope: dict[str, Any], remains: Remains, lists: Lists) -> WebEvent:
    """Return *claim* as a fact: of an address host, path and campaign, of a referrer the origin, and no text unredacted."""
    site: str = envelope["site"]
    reduced = reduce_url(claim.url)
    page = Page(hostname=_hostname(reduced.hostname, site), path=reduced.path)
    found = source_of_visit(claim.referrer, reduced.tags, page=page, site=site, sources=lists.sources)
    verdict = REFERRER_SPAM if found.is_spam and remains.verdict.rule is None else remains.verdict
    envelope |= {
        "salt_day": remains.salt_day,
        "visitor": remains.visitor,
        "page": page,
        "source": found.source,
        "device": remains.device,
        "place": remains.place,
        "language": remains.language,
        "screen": claim.screen,
        "bot": verdict.rule,
        "bot_name": verdict.name,
        "evidence": remains.evidence,
    }
    match claim:
        case EventClaim(name=name, props=props, revenue=revenue, interactive=interactive):
            kept = redact_props(props, kept=remains.kept) if props else {}
            return EventRecorded(**envelope, name=clean(name, NAME_BYTES), props=kept, revenue=revenue, interactive=interactive)
        case EngagementClaim(engaged_ms=engaged_ms, scroll_percent=scroll_percent):
            return EngagementMeasured(**envelope, engaged_ms=engaged_ms, scroll_percent=scroll_percent)
        case _:
            return PageViewed(**envelope)


def _hostname(host: str, site: str) -> str:
    """Return the page's host; a site may be called by an address or a token, but no other host may look like one."""
    if not host or host == site:
        return site
    return redact(host)


KIND: Final = Kind(claims=(PageviewClaim, EventClaim, EngagementClaim), happened_at=happened_at, fact=fact)
