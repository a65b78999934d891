"""counts: the one place that decides where counted rows come from: facts, visits or hits, and what was added up of closed days.

Whoever asks names sums and cuts, and never a table.
"""

from collections import defaultdict
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, TypeAlias

from msgspec import Struct
from sqlalchemy import (
    BigInteger,
    ColumnElement,
    DateTime,
    Row,
    Select,
    Subquery,
    Text,
    bindparam,
    cast,
    collate,
    desc,
    func,
    or_,
    select,
    union_all,
)
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.ext.asyncio import AsyncConnection

from projections.query.added_up import Rolled, Wanted, by_time, by_value
from projections.query.dimensions import Dimension
from projections.query.matching import every, hits_in, keeps_single_views, visits_in
from projections.query.metrics import Metric, Sums
from projections.query.operators import found_in
from projections.query.ordering import Order
from projections.query.periods import Span
from projections.query.question import WebQuestion
from projections.query.sums import VIEWS, VIEWS_KEPT, Columns, Of, Sum
from projections.read_models.hits import HITS, NOBODY
from projections.read_models.visits import VISITS

# Of an answer that is handed on as it comes.
ROWS_AT_A_TIME = 1000


class ByValue(Struct, frozen=True):
    """Cut by the values of a dimension; where blank has no name there, rows without a value are left out.

    Of the values those in which ``search`` is found, or that are ``called`` so; those ``among`` some; those ``without`` others.
    """

    dimension: Dimension
    search: str = ""
    called: tuple[str, ...] = ()
    among: tuple[str, ...] | None = None
    without: tuple[str, ...] = ()

    def on(self, columns: Columns, _: ColumnElement[datetime]) -> ColumnElement[Any]:
        """Return what a row is cut by."""
        return self.dimension.on(columns)

    def kept(self, value: ColumnElement[str]) -> list[ColumnElement[bool]]:
        """Return the conditions for the rows whose *value* is one of those that are asked for."""
        kept: list[ColumnElement[bool]] = []
        if self.dimension.blank is None:
            kept.append(value != "")
        if self.search:
            kept.append(or_(found_in(value, self.search), value.in_(self.called)))
        if self.among is not None:
            kept.append(value == func.any(bindparam(None, self.among, type_=ARRAY(Text), unique=True)))
        if self.without:
            kept.append(value != func.all(bindparam(None, self.without, type_=ARRAY(Text), unique=True)))
        return kept


class ByBucket(Struct, frozen=True):
    """Cut by time: bucket *i* (from 1) lies between edge *i* - 1 and edge *i* of ``edges``."""

    edges: Sequence[datetime]

    def on(self, _: Columns, moment: ColumnElement[datetime]) -> ColumnElement[Any]:
        """Return what a row is cut by.

        The database compares instants; which instants a local day is bounded by has been decided before.
        """
        bounds = bindparam("edges", self.edges, type_=ARRAY(DateTime(timezone=True)))
        return func.width_bucket(moment, bounds)


class BySite(Struct, frozen=True):
    """Cut by site."""

    def on(self, columns: Columns, _: ColumnElement[datetime]) -> ColumnElement[Any]:
        """Return what a row is cut by."""
        site: ColumnElement[Any] = columns.site
        return site


Cut: TypeAlias = ByValue | ByBucket | BySite


class Counted(Struct, frozen=True):
    """One row: what it is cut by, in the order of the cuts, and its sums by their names."""

    key: tuple[Any, ...]
    sums: Sums


async def counts(
    connection: AsyncConnection,
    question: WebQuestion,
    span: Span,
    sums: Sequence[Sum],
    *cuts: Cut,
    largest: int | None = None,
    order: Order | None = None,
    offset: int = 0,
) -> list[Counted]:
    """Add up *sums*, which must be of one thing, over what *question* keeps of *span*, for every combination of *cuts*.

    With *largest* only so many rows come, behind the first *offset*: in the *order* that is given, else the greatest by the
    first two sums, then by what they are cut by. Without cuts there is always one row.
    """
    query = await _answering(connection, question, span, sums, cuts)
    if largest is not None:
        query = _ordered(query, sums, cuts, order).limit(largest).offset(offset)
    return [_counted(row, sums, cuts) for row in await connection.execute(query)]


async def counts_streamed(
    connection: AsyncConnection,
    question: WebQuestion,
    span: Span,
    sums: Sequence[Sum],
    *cuts: Cut,
    order: Order | None = None,
    offset: int = 0,
) -> AsyncIterator[list[Counted]]:
    """Yield all rows that counts() has behind the first *offset*, some at a time: no more than those are ever held here."""
    query = _ordered(await _answering(connection, question, span, sums, cuts), sums, cuts, order).offset(offset)
    result = await connection.stream(query, execution_options={"yield_per": ROWS_AT_A_TIME})
    async for rows in result.partitions():
        yield [_counted(row, sums, cuts) for row in rows]


async def counts_for(
    connection: AsyncConnection, question: WebQuestion, span: Span, metrics: Iterable[Metric], *cuts: Cut
) -> dict[tuple[Any, ...], Sums]:
    """Add up everything that *metrics* need, for every combination of *cuts* that has rows of any kind."""
    found: defaultdict[tuple[Any, ...], dict[str, int]] = defaultdict(dict)
    groups = _together(metrics, {VIEWS: VIEWS_KEPT} if keeps_single_views(question) else {})
    for group in groups:
        for row in await counts(connection, question, span, group, *cuts):
            found[row.key].update(row.sums)
    nothing = {one.name: 0 for group in groups for one in group}
    return {key: nothing | sums for key, sums in found.items()}


async def added_up_by_value(
    connection: AsyncConnection, question: WebQuestion, span: Span, sums: Sequence[Sum], dimension: Dimension
) -> Rolled | None:
    """Return what of *sums* by the values of *dimension* was added up, and the spans that are left; None where nothing was."""
    return await _added_up(connection, question, span, sums, (ByValue(dimension),))


def _ordered(query: Select[Any], sums: Sequence[Sum], cuts: Sequence[Cut], order: Order | None) -> Select[Any]:
    if order is not None:
        return order.of(query, len(cuts))
    keys = [collate(query.selected_columns[f"cut_{number}"], "C") for number in range(len(cuts))]
    return query.order_by(*(desc(one.name) for one in sums[:2]), *keys)


def _counted(row: Row[Any], sums: Sequence[Sum], cuts: Sequence[Cut]) -> Counted:
    names, width = [one.name for one in sums], len(cuts)
    return Counted(tuple(row[:width]), dict(zip(names, row[width:], strict=True)))


def _together(metrics: Iterable[Metric], instead: Mapping[Sum, Sum]) -> list[list[Sum]]:
    groups: defaultdict[Any, dict[str, Sum]] = defaultdict(dict)
    for one in (instead.get(one, one) for metric in metrics for one in metric.sums):
        groups[one.of, one.kinds][one.name] = one
    return [list(group.values()) for group in groups.values()]


async def _answering(
    connection: AsyncConnection, question: WebQuestion, span: Span, sums: Sequence[Sum], cuts: Sequence[Cut]
) -> Select[Any]:
    """Return what answers: what was added up of the days that have been, and facts for all others."""
    rolled = await _added_up(connection, question, span, sums, cuts)
    if rolled is None:
        return _from_facts(question, span, sums, cuts)
    if not rolled.left:
        return rolled.query
    each = union_all(rolled.query, *(_from_facts(question, left, sums, cuts) for left in rolled.left)).subquery("each_part")
    labels = [each.c[f"cut_{number}"] for number in range(len(cuts))]
    return select(*labels, *(_whole(func.sum(each.c[one.name])).label(one.name) for one in sums)).group_by(*labels)


async def _added_up(
    connection: AsyncConnection, question: WebQuestion, span: Span, sums: Sequence[Sum], cuts: Sequence[Cut]
) -> Rolled | None:
    wanted = Wanted(question=question, span=span, sums=sums)
    match cuts:
        case ():
            return await by_time(connection, wanted, None)
        case (ByBucket(edges=edges),):
            return await by_time(connection, wanted, edges)
        case (ByValue(dimension=dimension) as cut,):
            return await by_value(connection, wanted, dimension, cut.kept)
        case _:
            return None


def _from_facts(question: WebQuestion, span: Span, sums: Sequence[Sum], cuts: Sequence[Cut]) -> Select[Any]:
    first = sums[0]
    if first.of is Of.VISIT:
        facts, moment, conditions = VISITS, VISITS.c.began_at, visits_in(question, span)
    else:
        facts, moment, conditions = HITS, HITS.c.occurred_at, hits_in(question, span, *first.kinds)
    kept = every(
        [*conditions, *(one for cut in cuts if isinstance(cut, ByValue) for one in cut.kept(cut.dimension.on(facts.c)))]
    )
    labels = [cut.on(facts.c, moment).label(f"cut_{number}") for number, cut in enumerate(cuts)]
    added = [one.of_group(facts.c).label(one.name) for one in sums if one.of_group]
    if len(added) == len(sums):
        summed = [_whole(one).label(one.name) for one in added]
        return select(*labels, *summed).select_from(facts).where(kept).group_by(*labels)
    # Twice grouped, because counting distinct pairs sorts every row and this hashes them.
    by_visitor = [*labels, facts.c.day, facts.c.visitor]
    each = select(*labels, facts.c.visitor.label("visitor"), *added).where(kept).group_by(*by_visitor).subquery("each_visitor")
    return _over_visitors(each, sums, [each.c[label.name] for label in labels])


def _over_visitors(each: Subquery, sums: Sequence[Sum], keys: Sequence[ColumnElement[Any]]) -> Select[Any]:
    # A fact that names nobody has no visitor.
    visitors = func.count().filter(each.c.visitor != NOBODY)
    summed = [(_whole(func.sum(each.c[one.name])) if one.of_group else visitors).label(one.name) for one in sums]
    return select(*keys, *summed).group_by(*keys)


def _whole(added: ColumnElement[Any]) -> ColumnElement[int]:
    return cast(func.coalesce(added, 0), BigInteger)
