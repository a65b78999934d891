"""In visits: hits that count because their visit is kept, counted by the visits, which say how many they hold.

No visit goes over midnight UTC, so of whole days the visits that are kept hold exactly the hits that are; and a visit is one
row where its hits are many, each of which would have to find it.
"""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Final, NamedTuple

from sqlalchemy import BigInteger, ColumnElement, cast, func

from projections.query.matching import keeps_hits_by_themselves
from projections.query.periods import Span
from projections.query.question import WebQuestion
from projections.query.sums import EVENTS, PAGEVIEWS, Columns, Of, Sum

_DAY: Final = timedelta(days=1)


def _said(one: Sum) -> Sum:
    def of_group(visits: Columns) -> ColumnElement[int]:
        return cast(func.sum(visits[one.name]), BigInteger)

    return Sum(name=one.name, of=Of.VISIT, of_group=of_group)


# What a visit says of its hits.
SAID: Final[Mapping[Sum, Sum]] = {one: _said(one) for one in (PAGEVIEWS, EVENTS)}


class Parted(NamedTuple):
    """A span as its whole UTC days and what is before and behind them."""

    whole: Span
    edges: tuple[Span, ...]


def said_by_visits(question: WebQuestion, sums: Sequence[Sum]) -> list[Sum] | None:
    """Return what visits say in the place of *sums*, None where *question* keeps hits otherwise than by their visits."""
    if not question.filters or not all(one in SAID for one in sums):
        return None
    if keeps_hits_by_themselves(question, {kind for one in sums for kind in one.kinds}):
        return None
    return [SAID[one] for one in sums]


def parted(span: Span) -> Parted | None:
    """Return *span* by its whole days, None where it has none."""
    begins, ends = _midnight_from(span.since), _midnight_from(span.until)
    whole = Span(begins, ends if ends == span.until else ends - _DAY)
    if whole.since >= whole.until:
        return None
    edges = (Span(span.since, whole.since), Span(whole.until, span.until))
    return Parted(whole, tuple(edge for edge in edges if edge.since < edge.until))


def are_midnights(moments: Sequence[datetime]) -> bool:
    """Say whether each of *moments* is where a UTC day begins."""
    return all(_midnight_from(moment) == moment for moment in moments)


def _midnight_from(moment: datetime) -> datetime:
    """Return the first midnight UTC that is not before *moment*."""
    midnight = moment.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    return midnight if midnight == moment else midnight + _DAY
