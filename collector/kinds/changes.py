"""What of a web hit is stored otherwise than it was sent: found by comparing the two, so that it is told as it is."""

from collections.abc import Iterator

from collector.hit import Hit
from collector.kinds.web import NAME_BYTES, EventClaim, WebClaim
from collector.outcomes import Change
from collector.privacy.path import PATH_BYTES
from collector.privacy.personal import KEY_BYTES, of_path
from collector.privacy.props import MOST_PROPS, VALUE_BYTES
from contracts.events import EventRecorded, Fact, Scalar, WebFact

_LONGEST_CHARACTER = 4


def changes_of(hit: Hit, fact: Fact) -> tuple[Change, ...]:
    """Return what *fact* says otherwise than *hit*, whose dialect may have left something out before."""
    claim = hit.claim
    if not isinstance(claim, WebClaim) or not isinstance(fact, WebFact):
        return hit.changes
    is_moved = hit.occurred_at is not None and hit.occurred_at != fact.occurred_at
    # Nearly always nothing is: a look at three lengths says so.
    if not is_moved and len(claim.url) < PATH_BYTES and (not isinstance(claim, EventClaim) or _is_same(claim, fact)):
        return hit.changes
    found = {Change.TIME_REPLACED} if is_moved else set()
    if len(claim.url) >= PATH_BYTES and len(fact.page.path.encode()) > PATH_BYTES - _LONGEST_CHARACTER:
        found.add(Change.PATH_CUT)
    if isinstance(claim, EventClaim) and isinstance(fact, EventRecorded):
        found.update(_changes_of_event(claim, fact))
    return (*hit.changes, *sorted(found))


def _is_same(claim: EventClaim, fact: WebFact) -> bool:
    return isinstance(fact, EventRecorded) and fact.name == claim.name and fact.props == claim.props


def _changes_of_event(claim: EventClaim, fact: EventRecorded) -> Iterator[Change]:
    if claim.name != fact.name:
        yield Change.NAME_CUT if len(claim.name.encode("utf-8", "replace")) > NAME_BYTES else Change.NAME_REDACTED
    if claim.props == fact.props:
        return
    is_full = len(fact.props) == MOST_PROPS < len(claim.props)
    if is_full:
        yield Change.PROPS_TOO_MANY
    for key, value in claim.props.items():
        if key in fact.props:
            yield from _change_of_value(value, fact.props[key])
        elif any(of_path(key.split("."))):
            yield Change.PROPS_PERSONAL
        elif len(key.encode("utf-8", "replace")) > KEY_BYTES:
            yield Change.PROPS_CUT
        elif not is_full:
            yield Change.PROPS_REDACTED


def _change_of_value(said: Scalar, stored: Scalar) -> Iterator[Change]:
    if said == stored:
        return
    is_long = isinstance(said, str) and len(said.encode("utf-8", "replace")) > VALUE_BYTES
    yield Change.PROPS_CUT if is_long else Change.PROPS_REDACTED
