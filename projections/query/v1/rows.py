"""Rows: what a query counts, cut by all its dimensions at once, in its order, and no more of them than are wanted."""

from collections.abc import Sequence
from datetime import datetime
from functools import partial
from typing import Any, Final, TypeAlias

from msgspec import Struct
from msgspec.structs import replace
from sqlalchemy import (
    BigInteger,
    ColumnElement,
    DateTime,
    Integer,
    Select,
    Subquery,
    Text,
    bindparam,
    cast,
    collate,
    func,
    literal,
    select,
    tuple_,
    union_all,
)
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlalchemy.sql.selectable import FromClause

from projections.query.counts import ByBucket, ByValue, counts, counts_for
from projections.query.dimensions import Dimension
from projections.query.matching import LONGEST_VISIT, Condition, began_in, every, hits_in, same_visitor, sites_of, visits_in
from projections.query.metrics import Sums
from projections.query.periods import Span
from projections.query.question import WebQuestion
from projections.query.sums import VISITORS, Columns, Of, Sum
from projections.query.tree import as_filters, hits_where, seen_where, visits_where
from projections.query.v1.dates import Time, buckets
from projections.query.v1.names import Cut, Measure, Width
from projections.query.v1.query import Order, Query
from projections.read_models.hits import HITS, NOBODY
from projections.read_models.visits import VISITS

Key: TypeAlias = tuple[Any, ...]

# What is added up of a visit; with what rows are cut by they tell one visit from another.
_OF_A_VISIT: Final = (
    *("day", "visitor", "bot", "opened_at"),
    *("began_at", "ended_at", "pageviews", "events", "interactions", "engaged_ms"),
)


class Row(Struct, frozen=True):
    """One row: the number of its bucket, or its value, for each cut, and its sums by their names."""

    key: Key
    sums: Sums


class Found(Struct, frozen=True, kw_only=True):
    """The rows that were wanted, and whether ``more`` follow; ``total`` is how many there are, None where nobody counted."""

    rows: list[Row]
    more: bool
    total: int | None = None


async def rows_of(connection: AsyncConnection, query: Query) -> Found:
    """Return the rows of *query*."""
    page, is_counted = query.body.pagination, query.body.include.total_rows
    end = page.offset + page.limit
    if (filters := as_filters(query.tree)) is not None:
        question = replace(query.question, filters=filters)
        if not query.dimensions:
            found = _in_order(query, await _over_time(connection, query, question, query.time))
            return Found(rows=found[page.offset : end], more=len(found) > end, total=len(found))
        if not is_counted and _is_in_order_of_counts(query):
            cut = ByValue(query.dimensions[0])
            listed = await counts(connection, question, query.time.span, query.sums, cut, largest=end + 1)
            return Found(rows=[Row(one.key, one.sums) for one in listed[page.offset : end]], more=len(listed) > end)
    everything = _all_rows(query, query.time)
    # One more than are wanted, which says that there are more.
    statement = _ordered(everything, query).limit(page.limit + 1).offset(page.offset)
    rows = [_row(row, query) for row in await connection.execute(statement)]
    total = await connection.scalar(select(func.count()).select_from(everything.subquery())) if is_counted else None
    return Found(rows=rows[: page.limit], more=len(rows) > page.limit, total=total)


async def rows_compared(connection: AsyncConnection, query: Query, other: Time, keys: Sequence[Key]) -> dict[Key, Sums]:
    """Return the sums of *query* in the *other* time, for each of *keys* that has any."""
    if (filters := as_filters(query.tree)) is not None and not query.dimensions:
        question = replace(query.question, filters=filters)
        return {row.key: row.sums for row in await _over_time(connection, query, question, other)}
    if not keys:
        return {}
    statement = _all_rows(query, other)
    columns = [statement.selected_columns[f"cut_{number}"] for number in range(len(query.cuts))]
    if columns:
        wanted = (
            func.unnest(
                *(
                    bindparam(f"wanted_{number}", list(values), type_=ARRAY(Integer if isinstance(cut, Width) else Text))
                    for number, (cut, values) in enumerate(zip(query.cuts, zip(*keys, strict=True), strict=True))
                )
            )
            .table_valued(*(f"wanted_{number}" for number in range(len(columns))))
            .render_derived(name="wanted")
        )
        everything = statement.subquery("everything")
        found = [everything.c[f"cut_{number}"] for number in range(len(columns))]
        statement = select(everything).where(tuple_(*found).in_(select(*wanted.c)))
    return {row.key: row.sums for row in (_row(row, query) for row in await connection.execute(statement))}


async def visitors_of(connection: AsyncConnection, query: Query, time: Time) -> int:
    """Return the visitors that the shares of *query* are parts of."""
    if (filters := as_filters(query.tree)) is not None:
        (row,) = await counts(connection, replace(query.question, filters=filters), time.span, [VISITORS])
        return row.sums[VISITORS.name]
    everybody = replace(query, cuts=(), order=())
    arm = _of_visits(everybody, _Slots(everybody, time), [VISITORS])
    return int(await connection.scalar(select(arm.subquery().c[VISITORS.name])) or 0)


async def _over_time(connection: AsyncConnection, query: Query, question: WebQuestion, time: Time) -> list[Row]:
    metrics = [measure.metric for measure in query.measures]
    cuts = [] if query.width is None else [ByBucket(buckets(time, query.width, "dimensions"))]
    found = await counts_for(connection, question, time.span, metrics, *cuts)
    return [Row(key, sums) for key, sums in found.items()]


def _is_in_order_of_counts(query: Query) -> bool:
    """Say whether counts() has the rows of *query* in its own order: by one sum, then by the value, blanks as they are here."""
    if len(query.cuts) > 1 or len(query.sums) > 1 or not query.measures[0].is_count:
        return False
    dimension, by = query.dimensions[0], query.order
    has_blanks = dimension.blank is not None or dimension.of is Of.HIT
    is_by_count = len(by) == 1 and isinstance(by[0].of, Measure) and by[0].is_descending and by[0].of.is_count
    # Only there the sum is of what counts() reads for a dimension.
    return has_blanks and is_by_count and (dimension.of is query.sums[0].of)


def _in_order(query: Query, rows: list[Row]) -> list[Row]:
    found = sorted(rows, key=lambda row: row.key)
    for order in reversed(query.order):
        found.sort(key=partial(_place, query, order), reverse=order.is_descending)
    return found


def _place(query: Query, order: Order, row: Row) -> tuple[bool, float]:
    if not isinstance(order.of, Measure):
        return (order.is_descending, row.key[query.cuts.index(order.of)])
    number = order.of.number(row.sums, 0)
    # What is no number stands last, whichever way.
    return ((number is None) is not order.is_descending, number or 0)


def _row(row: Any, query: Query) -> Row:
    return Row(tuple(row[: len(query.cuts)]), {one.name: getattr(row, one.name) for one in query.sums})


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


def _ordered(statement: Select[Any], query: Query) -> Select[Any]:
    rows = statement.subquery("rows")
    keys = [_sortable(rows.c[f"cut_{number}"], cut) for number, cut in enumerate(query.cuts)]
    by = []
    for order in query.order:
        subject = order.of.order(rows.c) if isinstance(order.of, Measure) else keys[query.cuts.index(order.of)]
        by.append((subject.desc() if order.is_descending else subject.asc()).nulls_last())
    return select(rows).order_by(*by, *keys)


def _sortable(column: ColumnElement[Any], cut: Cut) -> ColumnElement[Any]:
    return collate(column, "C") if isinstance(cut, Dimension) else column


def _all_rows(query: Query, time: Time) -> Select[Any]:
    """Return the statement of all rows: one arm for what is added up of visits, and one for each kind of hits."""
    slots, sums = _Slots(query, time), query.sums
    groups: dict[Any, list[Sum]] = {}
    for one in sums:
        groups.setdefault((one.of, one.kinds), []).append(one)
    arms = [(_of_visits if of is Of.VISIT else _of_hits)(query, slots, group).subquery() for (of, _), group in groups.items()]
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
