"""Visit: what is known of one visit, and how two of them become one; commutative and associative, so order never matters."""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import TypeAlias, TypeVar

from msgspec import Struct

from contracts.events import EngagementMeasured, EventRecorded, PageViewed
from projections.read_models.dictionaries import Coded

IDLE = timedelta(minutes=30)
TAIL_LENGTH = 64

# When, what breaks a tie, and the numbers of the page, the client and the origin.
Beginning: TypeAlias = tuple[datetime, int, int, int, int]
# When, what breaks a tie, and the number of the page.
Step: TypeAlias = tuple[datetime, int, int]
# Reported engagement: when and how many milliseconds, oldest first.
Tail: TypeAlias = tuple[tuple[datetime, int], ...]
# What a visit is made of: not every fact that the family may have.
VisitFact: TypeAlias = PageViewed | EventRecorded | EngagementMeasured


class Visit(Struct, frozen=True, kw_only=True, gc=False):
    """Facts of one visitor-day with no gap over IDLE between them, in as few words as merging needs.

    ``opened_at`` to ``closed_at`` spans every fact; ``first`` and ``ended_at`` are of pageviews and events alone, and absent
    when there is only engagement. ``tail`` is the newest engagement that did not come before the last pageview.
    """

    opened_at: datetime
    closed_at: datetime
    first: Beginning | None = None
    ended_at: datetime | None = None
    pageviews: int = 0
    events: int = 0
    interactions: int = 0
    entry: Step | None = None
    exit: Step | None = None
    tail: Tail = ()


def visit_of(event: VisitFact, coded: Coded) -> Visit:
    """Return the visit that consists of *event* alone, whose words *coded* has in numbers."""
    at, tie = event.occurred_at, tie_of(event.id)
    first = (at, tie, coded.page, coded.client, coded.origin)
    match event:
        case PageViewed():
            step = (at, tie, coded.page)
            return Visit(opened_at=at, closed_at=at, first=first, ended_at=at, pageviews=1, entry=step, exit=step)
        case EventRecorded(interactive=interactive):
            return Visit(opened_at=at, closed_at=at, first=first, ended_at=at, events=1, interactions=int(interactive))
        case EngagementMeasured(engaged_ms=engaged_ms):
            return Visit(opened_at=at, closed_at=at, tail=((at, engaged_ms),))


def merge(visits: Iterable[Visit]) -> list[Visit]:
    """Return the visits that *visits* of one visitor-day amount to, in order of time.

    Those with no gap over IDLE between them are joined, but never over midnight UTC, not even when they were sent later.
    """
    merged: list[Visit] = []
    for visit in sorted(visits, key=_opened_at):
        if merged and _belong_together(merged[-1], visit):
            merged[-1] = join(merged[-1], visit)
        else:
            merged.append(visit)
    return merged


def _belong_together(one: Visit, later: Visit) -> bool:
    is_same_day = one.closed_at.astimezone(UTC).date() == later.opened_at.astimezone(UTC).date()
    return is_same_day and later.opened_at - one.closed_at <= IDLE


def join(one: Visit, other: Visit) -> Visit:
    """Return the visit that has the facts of both."""
    last = _later(one.exit, other.exit)
    return Visit(
        opened_at=min(one.opened_at, other.opened_at),
        closed_at=max(one.closed_at, other.closed_at),
        first=_earlier(one.first, other.first),
        ended_at=_later(one.ended_at, other.ended_at),
        pageviews=one.pageviews + other.pageviews,
        events=one.events + other.events,
        interactions=one.interactions + other.interactions,
        entry=_earlier(one.entry, other.entry),
        exit=last,
        tail=_tail(one.tail + other.tail, last),
    )


def tie_of(id_: str) -> int:
    """Return what says which of two facts of the same moment is the earlier: all 128 bits of the fact's id, folded into 32."""
    number = int(id_.replace("-", ""), 16)
    folded = (number ^ number >> 32 ^ number >> 64 ^ number >> 96) & 0xFFFFFFFF
    return folded - (1 << 32) if folded >> 31 else folded


def _opened_at(visit: Visit) -> datetime:
    return visit.opened_at


def _tail(reports: Tail, last_pageview: Step | None) -> Tail:
    if not reports:
        return ()
    since = reports if last_pageview is None else (report for report in reports if report[0] >= last_pageview[0])
    # Only the newest are kept, so a page left open for days stays one small row; later pageviews drop the oldest first,
    # so what is kept is always the newest of what counts.
    return tuple(sorted(since)[-TAIL_LENGTH:])


_Moment = TypeVar("_Moment", Beginning, Step, datetime)


def _earlier(one: _Moment | None, other: _Moment | None) -> _Moment | None:
    if one is None or other is None:
        return one or other
    return min(one, other)


def _later(one: _Moment | None, other: _Moment | None) -> _Moment | None:
    if one is None or other is None:
        return one or other
    return max(one, other)
