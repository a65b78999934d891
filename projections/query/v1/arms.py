"""Arms: the parts of the statement of all rows, one for what is added up of visits, and one for each kind of hits."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final

from msgspec.structs import replace
from sqlalchemy import BigInteger, ColumnElement, DateTime, Select, Subquery, bindparam, cast, func, literal, select, union_all
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlalchemy.sql.selectable import FromClause

from projections.query.counts import added_up_by_value
from projections.query.dimensions import Dimension
from projections.query.matching import LONGEST_VISIT, Condition, began_in, every, hits_in, same_visitor, sites_of, visits_in
from projections.query.periods import Span
from projections.query.sums import VISITORS, Columns, Of, Sum
from projections.query.tree import as_filters, hits_where, seen_where, visits_where
from projections.query.v1.dates import Time, buckets
from projections.query.v1.names import Cut
from projections.query.v1.query import Query
from projections.read_models.hits import HITS, NOBODY
from projections.read_models.visits import VISITS

# What is added up of a visit; with what rows are cut by they tell one visit from another.
_OF_A_VISIT: Final = (
    *("day", "visitor", "bot", "opened_at"),
    *("began_at", "ended_at", "pageviews", "events", "interactions", "engaged_ms"),
)


async def all_rows(connection: AsyncConnection, query: Query, time: Time) -> Select[Any]:
    """Return the statement of all rows: where it can be, an arm is what was added up, and facts for what is left."""
    sums = query.sums
    groups: dict[Any, list[Sum]] = {}
    for one in sums:
        groups.setdefault((one.of, one.kinds), []).append(one)
    arms = [arm.subquery() for group in groups.values() for arm in await _arms(connection, query, time, group)]
    names = [f"cut_{number}" for number in range(len(query.cuts))]
    together = union_all(
        *(
            select(
                *(arm.c[name] for name in names),
                *((arm.c[one.name] if one.name in arm.c else literal(0, BigInteger)).label(one.name) for one in sums),
            )
            for arm in arms
        )
    ).subquery("together")
    keys = [together.c[name] for name in names]
    return select(*keys, *(_whole(func.sum(together.c[one.name])).label(one.name) for one in sums)).group_by(*keys)


def everybody(query: Query, time: Time) -> Select[Any]:
    """Return the statement of the visitors that *query* keeps of *time*, however rows are cut."""
    uncut = replace(query, cuts=(), order=())
    return select(_of_visits(uncut, _Slots(uncut, time), [VISITORS]).subquery().c[VISITORS.name])


async def _arms(connection: AsyncConnection, query: Query, time: Time, sums: Sequence[Sum]) -> list[Select[Any]]:
    from_facts = _of_visits if sums[0].of is Of.VISIT else _of_hits
    dimension = _alone(query)
    rolled = None if dimension is None else await added_up_by_value(connection, query.question, time.span, sums, dimension)
    if rolled is None:
        return [from_facts(query, _Slots(query, time), sums)]
    return [rolled.query, *(from_facts(query, _Slots(query, replace(time, span=left)), sums) for left in rolled.left)]


def _alone(query: Query) -> Dimension | None:
    """Return the dimension by which alone *query* is cut, of everything that there is; None where it asks for more or less."""
    if len(query.cuts) != 1 or not query.dimensions or as_filters(query.tree) != ():
        return None
    (dimension,) = query.dimensions
    # Here the visits without a value have a row, too; of such a dimension they were never added up.
    return None if dimension.blank is None and dimension.of is Of.VISIT else dimension


class _Slots:
    """What rows are cut by, as columns of any table that has what it takes."""

    def __init__(self, query: Query, time: Time) -> None:
        self.span = time.span
        self._cuts = query.cuts
        edges: list[datetime] = [] if query.width is None else buckets(time, query.width, "dimensions")
        self._edges = bindparam("edges", edges, type_=ARRAY(DateTime(timezone=True)))

    def on(self, visits: Columns, hits: Columns, moment: ColumnElement[datetime]) -> list[ColumnElement[Any]]:
        """Return the labelled column of each cut: of *visits* and of *hits*, or by *moment*."""
        return [self._on(cut, visits, hits, moment).label(f"cut_{number}") for number, cut in enumerate(self._cuts)]

    def _on(self, cut: Cut, visits: Columns, hits: Columns, moment: ColumnElement[datetime]) -> ColumnElement[Any]:
        if isinstance(cut, Dimension):
            return cut.on(hits if cut.of is Of.HIT else visits)
        return func.width_bucket(moment, self._edges)


def _of_visits(query: Query, slots: _Slots, sums: Sequence[Sum]) -> Select[Any]:
    question = replace(query.question, filters=())
    kept = [*visits_in(question, slots.span), visits_where(query.tree, slots.span, sites_of(question))]
    if not query.of_hits:
        return _summed(VISITS, slots.on(VISITS.c, VISITS.c, VISITS.c.began_at), every(kept), sums)
    # A visit that has two pages stands in two rows, once in each.
    seen = HITS.alias("seen")
    beside = [
        *same_visitor(VISITS.c, seen),
        seen.c.occurred_at.between(VISITS.c.opened_at, VISITS.c.closed_at),
        seen.c.occurred_at >= slots.span.since,
        seen.c.occurred_at < slots.span.until + LONGEST_VISIT,
        seen.c.kind.in_([int(kind) for kind in query.kinds]),
        seen_where(query.tree, slots.span, seen.c, sites_of(question)),
        *_named(query, seen.c),
    ]
    keys = slots.on(VISITS.c, seen.c, VISITS.c.began_at)
    once = select(*keys, *(VISITS.c[name] for name in _OF_A_VISIT)).select_from(VISITS).join(seen, every(beside))
    visits = once.where(every(kept)).distinct().subquery("visits_once")
    return _summed(visits, [visits.c[key.name] for key in keys], every([]), sums)


def _of_hits(query: Query, slots: _Slots, sums: Sequence[Sum]) -> Select[Any]:
    question = replace(query.question, filters=())
    kept = [
        *hits_in(question, slots.span, *sums[0].kinds),
        hits_where(query.tree, slots.span, sums[0].kinds, sites_of(question)),
        *_named(query, HITS.c),
    ]
    if all(one.of is Of.HIT for one in query.dimensions):
        return _summed(HITS, slots.on(HITS.c, HITS.c, HITS.c.occurred_at), every(kept), sums)
    theirs = VISITS.alias("theirs")
    began = Span(slots.span.since - LONGEST_VISIT, slots.span.until)
    beside = [
        *same_visitor(theirs.c, HITS),
        HITS.c.occurred_at.between(theirs.c.opened_at, theirs.c.closed_at),
        *began_in(began, theirs.c),
    ]
    joined = HITS.join(theirs, every(beside))
    return _summed(joined, slots.on(theirs.c, HITS.c, HITS.c.occurred_at), every(kept), sums, HITS.c)


def _named(query: Query, hits: Columns) -> list[Condition]:
    return [one.on(hits) != "" for one in query.of_hits if one.blank is None]


def _summed(
    source: FromClause, keys: Sequence[ColumnElement[Any]], kept: Condition, sums: Sequence[Sum], columns: Columns = None
) -> Select[Any]:
    counted = source.c if columns is None else columns
    added = [one.of_group(counted).label(one.name) for one in sums if one.of_group]
    if len(added) == len(sums):
        return select(*keys, *(_whole(one).label(one.name) for one in added)).select_from(source).where(kept).group_by(*keys)
    # Twice grouped, because counting distinct pairs sorts every row and this hashes them.
    once = select(*keys, counted.visitor.label("visitor"), *added).select_from(source).where(kept)
    return _over_visitors(once.group_by(*keys, counted.day, counted.visitor).subquery(), len(keys), sums)


def _over_visitors(each: Subquery, width: int, sums: Sequence[Sum]) -> Select[Any]:
    keys = [each.c[f"cut_{number}"] for number in range(width)]
    visitors = func.count().filter(each.c.visitor != NOBODY)
    summed = [(_whole(func.sum(each.c[one.name])) if one.of_group else visitors).label(one.name) for one in sums]
    return select(*keys, *summed).group_by(*keys)


def _whole(added: ColumnElement[Any]) -> ColumnElement[int]:
    return cast(func.coalesce(added, 0), BigInteger)
