"""What another collector has recorded: facts of the web family whose person was forgotten before they came here."""

from datetime import date
from typing import Any, Final

from msgspec import structs

from collector.kinds import web
from collector.kinds.kind import Kind
from collector.privacy.enrich.lists import Lists
from collector.privacy.remains import Remains
from contracts.events import WebEvent


class TrackedPageview(web.PageviewClaim, frozen=True, kw_only=True):
    """Somebody saw the page, says another collector: ``visitor`` is its pseudonym for them on ``salt_day``."""

    visitor: str
    salt_day: date


class TrackedEvent(web.EventClaim, frozen=True, kw_only=True):
    """Something with a name happened on the page, says another collector."""

    visitor: str
    salt_day: date


def fact(claim: TrackedPageview | TrackedEvent, envelope: dict[str, Any], remains: Remains, lists: Lists) -> WebEvent:
    """Return *claim* as any other of the web family, by the visitor and the day that it names."""
    named = structs.replace(remains, visitor=claim.visitor, salt_day=claim.salt_day, evidence=())
    return web.fact(claim, envelope, named, lists)


KIND: Final = Kind(claims=(TrackedPageview, TrackedEvent), happened_at=web.happened_at, fact=fact)
