"""Tallies: how visits and hits are summed, whatever they are cut by; each visitor counts once in each cut."""

from collections.abc import Iterable, Sequence
from typing import Any

from msgspec import Struct
from sqlalchemy import BigInteger, ColumnElement, Label, Select, and_, cast, func, select

from projections.query.matching import Condition, every
from projections.read_models.hits import HITS
from projections.read_models.visits import VISITS


class VisitTally(Struct, frozen=True, kw_only=True):
    """Some visits, summed."""

    visitors: int = 0
    visits: int = 0
    pageviews: int = 0
    bounces: int = 0
    duration_ms: int = 0

    @property
    def views_per_visit(self) -> float | None:
        """Return the mean pageviews of a visit, with two decimals."""
        return round(self.pageviews / self.visits, 2) if self.visits else None

    @property
    def bounce_rate(self) -> float | None:
        """Return the part of the visits that bounced, as a percentage with one decimal."""
        return percent(self.bounces, self.visits) if self.visits else None

    @property
    def visit_duration(self) -> int | None:
        """Return the mean duration in whole seconds."""
        return round(self.duration_ms / self.visits / 1000) if self.visits else None


def percent(part: int, whole: int) -> float:
    """Return *part* of *whole* as a percentage with one decimal; nothing of nothing is 0."""
    return round(100 * part / whole, 1) if whole else 0.0


def _bounced() -> Condition:
    return and_(VISITS.c.pageviews == 1, VISITS.c.interactions == 0)


def _duration_ms() -> ColumnElement[int]:
    # Whole milliseconds add up to the same sum in any order, which floats do not.
    between = func.date_part("epoch", VISITS.c.ended_at - VISITS.c.began_at) * 1000
    return cast(between, BigInteger) + VISITS.c.engaged_ms


def visit_tally(conditions: Iterable[Condition], *cuts: Label[Any]) -> Select[Any]:
    """Sum the visits that fulfil *conditions*, for every combination of *cuts*.

    Twice grouped, because counting distinct pairs sorts every row and this hashes them.
    """
    visits = VISITS.c
    each = (
        select(
            *cuts,
            func.count().label("visits"),
            cast(func.sum(visits.pageviews), BigInteger).label("pageviews"),
            func.count().filter(_bounced()).label("bounces"),
            cast(func.sum(_duration_ms()), BigInteger).label("duration_ms"),
        )
        .where(every(conditions))
        .group_by(*cuts, visits.day, visits.visitor)
        .subquery("each_visitor")
    )
    keys = [each.c[cut.name] for cut in cuts]
    sums = [
        cast(func.coalesce(func.sum(each.c[name]), 0), BigInteger).label(name)
        for name in ("visits", "pageviews", "bounces", "duration_ms")
    ]
    return select(*keys, func.count().label("visitors"), *sums).group_by(*keys)


def hit_tally(conditions: Iterable[Condition], *cuts: Label[Any]) -> Select[Any]:
    """Count the hits that fulfil *conditions* and their visitors, for every combination of *cuts*."""
    hits = HITS.c
    each = (
        select(*cuts, func.count().label("hits"))
        .where(every(conditions))
        .group_by(*cuts, hits.day, hits.visitor)
        .subquery("each_visitor")
    )
    keys = [each.c[cut.name] for cut in cuts]
    total = cast(func.coalesce(func.sum(each.c.hits), 0), BigInteger).label("hits")
    return select(*keys, func.count().label("visitors"), total).group_by(*keys)


def hit_count(conditions: Iterable[Condition], *cuts: Label[Any]) -> Select[Any]:
    """Count the hits that fulfil *conditions*, for every combination of *cuts*."""
    return select(*cuts, func.count().label("hits")).select_from(HITS).where(every(conditions)).group_by(*cuts)


def to_visit_tally(row: Any) -> VisitTally:
    """Return the sums in a row of visit_tally()."""
    names: Sequence[str] = VisitTally.__struct_fields__
    return VisitTally(**{name: getattr(row, name) for name in names})
