"""Sums: what can be added up over visits or over hits, and the SQL of one group's part; every number is made of these."""

from collections.abc import Callable
from enum import Enum
from typing import Any, TypeAlias

from msgspec import Struct, structs
from sqlalchemy import BigInteger, ColumnElement, and_, cast, func

from projections.read_models.hits import Kind

# The columns of a table, such as ``VISITS.c``.
Columns: TypeAlias = Any


class Of(Enum):
    """What has a value or is added up: a visit has one source from beginning to end, but each of its hits its own page.

    A visit has reached a goal with one of its hits, and then all of it counts.
    """

    VISIT = "visit"
    HIT = "hit"
    REACHED = "visit that holds such a hit"


class Sum(Struct, frozen=True, kw_only=True):
    """One whole number over some visits, or over some hits of these ``kinds``.

    ``of_group`` is its SQL over the rows of a group; None counts each visitor once, which is no sum of rows.
    """

    name: str
    of: Of
    kinds: tuple[Kind, ...] = ()
    of_group: Callable[[Columns], ColumnElement[int]] | None = None


def _duration_ms(visits: Columns) -> ColumnElement[int]:
    # Whole milliseconds add up to the same sum in any order, which floats do not.
    between = func.date_part("epoch", visits.ended_at - visits.began_at) * 1000
    return cast(func.sum(cast(between, BigInteger) + visits.engaged_ms), BigInteger)


def _bounces(visits: Columns) -> ColumnElement[int]:
    return func.count().filter(and_(visits.pageviews == 1, visits.interactions == 0))


VISITORS = Sum(name="visitors", of=Of.VISIT)
VISITS = Sum(name="visits", of=Of.VISIT, of_group=lambda _: func.count())
# The pageviews of whole visits, also those that happened after the period; PAGEVIEWS are those that happened in it.
VIEWS = Sum(name="views", of=Of.VISIT, of_group=lambda visits: cast(func.sum(visits.pageviews), BigInteger))
# The same where a filter keeps single pageviews of a visit: of those alone, which PAGEVIEWS counts beside it.
VIEWS_KEPT = Sum(name="views", of=Of.HIT, kinds=(Kind.PAGEVIEW,), of_group=lambda _: func.count())
BOUNCES = Sum(name="bounces", of=Of.VISIT, of_group=_bounces)
DURATION_MS = Sum(name="duration_ms", of=Of.VISIT, of_group=_duration_ms)

PAGEVIEWS = Sum(name="pageviews", of=Of.HIT, kinds=(Kind.PAGEVIEW,), of_group=lambda _: func.count())
EVENTS = Sum(name="events", of=Of.HIT, kinds=(Kind.EVENT,), of_group=lambda _: func.count())
# The visitors who have a custom event, whichever; and the time that was reported of pages in view and in focus.
CONVERTED = Sum(name="converted", of=Of.HIT, kinds=(Kind.EVENT,))
ENGAGED_MS = Sum(
    name="engaged_ms",
    of=Of.HIT,
    kinds=(Kind.ENGAGEMENT,),
    of_group=lambda hits: cast(func.sum(hits.engaged_ms), BigInteger),
)


def visitors_with(*kinds: Kind) -> Sum:
    """Return the sum that counts the visitors who have a hit of these *kinds*."""
    return Sum(name="visitors", of=Of.HIT, kinds=kinds)


def among(one: Sum, kinds: tuple[Kind, ...]) -> Sum:
    """Return *one*, which counts hits of its kinds, for rows that are also of others, *kinds* altogether."""
    if one.of is not Of.HIT or one.kinds == kinds:
        return one
    counted = [int(kind) for kind in one.kinds]
    return structs.replace(one, kinds=kinds, of_group=lambda hits: func.count().filter(hits.kind.in_(counted)))
