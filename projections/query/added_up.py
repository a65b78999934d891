"""added_up: what of an answer is taken from what was added up of closed days, as SQL, and the spans that rows must answer.

Whoever asks names sums and what they are cut by, as counts.py does; None means that rows must answer all of it.
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any, Final
from weakref import WeakKeyDictionary

from msgspec import Struct
from sqlalchemy import (
    BigInteger,
    Boolean,
    ColumnElement,
    Date,
    DateTime,
    Integer,
    Select,
    TableValuedAlias,
    Transaction,
    and_,
    bindparam,
    case,
    cast,
    column,
    desc,
    func,
    select,
)
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.ext.asyncio import AsyncConnection

from projections.query.dimensions import Dimension
from projections.query.filters import Filter
from projections.query.in_visits import SAID
from projections.query.operators import Operator
from projections.query.parameters import Who
from projections.query.periods import Span
from projections.query.portions import ByDay, ByQuarter, by_day, by_quarter
from projections.query.question import WebQuestion
from projections.query.sums import (
    BOUNCES,
    DURATION_MS,
    EVENTS,
    PAGEVIEWS,
    VIEWS,
    VIEWS_KEPT,
    VISITORS,
    VISITS,
    Columns,
    Of,
    Sum,
)
from projections.read_models.rollups.fresh import Days, fresh_days
from projections.read_models.rollups.numbering import NUMBERS
from projections.read_models.rollups.tables import DAY_HITS, DAY_VISITS, ROLLUP_WORDS, SLOTS

_OF_VISITS: Final = (VISITORS, VISITS, VIEWS, BOUNCES, DURATION_MS)
_OF_SLOTS: Final = (*_OF_VISITS, PAGEVIEWS, EVENTS)
# By what a visit has: no visit goes over midnight, so that the pageviews of a day's visits are the day's.
_OF_KEPT_VISITS: Final[Mapping[Sum, str]] = {one: one.name for one in (*_OF_VISITS, EVENTS, SAID[EVENTS])} | dict.fromkeys(
    (PAGEVIEWS, SAID[PAGEVIEWS]), VIEWS.name
)


class Wanted(Struct, frozen=True, kw_only=True):
    """What is to be added up: these sums, over what the question keeps of the span.

    Of the values of a dimension only the greatest are ``needed``, by the first two sums; None says that all are.
    """

    question: WebQuestion
    span: Span
    sums: Sequence[Sum]
    needed: int | None = None

    @property
    def is_of_one(self) -> bool:
        """Say whether it is of one site, and of humans or of robots: who is both on a day is one visitor of all."""
        return len(self.question.sites) == 1 and self.question.who is not Who.ALL

    async def days(self, connection: AsyncConnection) -> Days:
        """Return which UTC days of the span there is anything on, and which of them are fresh."""
        first, last = self.span.since, self.span.until - timedelta(microseconds=1)
        asked = (self.question.caller.tenant, self.question.site, first.astimezone(UTC).date(), last.astimezone(UTC).date())
        known = _known_in(connection)
        if asked not in known:
            known[asked] = await fresh_days(connection, *asked)
        return known[asked]


# A transaction sees one moment, so whatever an answer is made of, which days are fresh is asked once.
_KNOWN: Final[WeakKeyDictionary[Transaction, dict[tuple[str, str, date, date], Days]]] = WeakKeyDictionary()


def _known_in(connection: AsyncConnection) -> dict[tuple[str, str, date, date], Days]:
    transaction = connection.sync_connection.get_transaction() if connection.sync_connection else None
    return {} if transaction is None else _KNOWN.setdefault(transaction, {})


class Rolled(Struct, frozen=True):
    """The part of an answer that was added up, with the columns that rows would have, and the spans that rows must answer."""

    query: Select[Any]
    left: tuple[Span, ...]


async def by_time(connection: AsyncConnection, wanted: Wanted, edges: Sequence[datetime] | None) -> Rolled | None:
    """Return the sums as a whole, or in the buckets between *edges* where there are any."""
    filters = wanted.question.filters
    kept = _one_of_visits(filters)
    if not wanted.is_of_one or (filters and kept is None):
        return None
    if not all(one in (_OF_SLOTS if kept is None else _OF_KEPT_VISITS) for one in wanted.sums):
        return None
    # Somebody whose visits of a day have two of the values is one visitor, and stands with both.
    if VISITORS in wanted.sums and len({one.value for one in filters}) > 1:
        return None
    days = await wanted.days(connection)
    if kept is not None:
        parts = by_day(wanted.span, days, kept[0].dimension, edges or ())
        return Rolled(_from_values(wanted, days, kept, parts, edges), parts.left) if parts.is_worth_it else None
    quarters = by_quarter(wanted.span, days, edges)
    return Rolled(_from_slots(wanted, days, quarters, edges), quarters.left) if quarters.is_worth_it else None


async def by_value(
    connection: AsyncConnection,
    wanted: Wanted,
    dimension: Dimension,
    kept: Callable[[ColumnElement[Any]], Sequence[ColumnElement[bool]]],
    *,
    keeps_all: bool,
) -> Rolled | None:
    """Return the sums for each value of *dimension* that is *kept*.

    That is told whole values: a version stands behind its browser there, which no column has alone. Where it *keeps_all*, those
    that are not needed may be missing.
    """
    has_rows = dimension.name in NUMBERS and _can_be_added(wanted.sums, dimension)
    if wanted.question.filters or not wanted.is_of_one or not has_rows:
        return None
    days = await wanted.days(connection)
    parts = by_day(wanted.span, days, dimension)
    if not parts.is_worth_it:
        return None
    table = DAY_VISITS if dimension.of is Of.VISIT else DAY_HITS
    numbers = (
        select(table.c.value, *(_summed(table.c[_column(one, dimension)]).label(one.name) for one in wanted.sums))
        .where(*_of_days(wanted, days, table.c, dimension, parts.whole))
        .group_by(table.c.value)
    )
    if wanted.needed is not None and keeps_all and not parts.left:
        # With all that are as great as the last of them: which of those come first, their words say.
        numbers = numbers.order_by(*(desc(one.name) for one in wanted.sums[:2])).fetch(wanted.needed, with_ties=True)
    by_number = numbers.subquery("by_number")
    query = (
        select(ROLLUP_WORDS.c.word.label("cut_0"), *(by_number.c[one.name] for one in wanted.sums))
        .join(by_number, ROLLUP_WORDS.c.id == by_number.c.value)
        .where(ROLLUP_WORDS.c.site == days.site, *kept(ROLLUP_WORDS.c.word))
    )
    return Rolled(query, parts.left)


def _one_of_visits(filters: Sequence[Filter]) -> tuple[Filter, ...] | None:
    """Return *filters* where they keep the visits with one of some values of one dimension, and nothing else."""
    if len({one.dimension.name for one in filters}) != 1:
        return None
    dimension = filters[0].dimension
    has_rows = dimension.of is Of.VISIT and dimension.name in NUMBERS
    is_plain = all(one.operator is Operator.IS and not one.negated for one in filters)
    is_named = dimension.blank is not None or all(one.value for one in filters)
    return tuple(filters) if has_rows and is_plain and is_named else None


def _can_be_added(sums: Sequence[Sum], dimension: Dimension) -> bool:
    if dimension.of is Of.VISIT:
        return all(one in _OF_KEPT_VISITS for one in sums)
    counted = {one.name for one in (PAGEVIEWS, VIEWS_KEPT, EVENTS) if one.kinds == (dimension.kind,)}
    return all(one.kinds == dimension.kinds and (one.of_group is None or one.name in counted) for one in sums)


def _column(one: Sum, dimension: Dimension) -> str:
    if dimension.of is Of.VISIT:
        return _OF_KEPT_VISITS[one]
    return one.name if one.of_group is None else "hits"


def _from_slots(wanted: Wanted, days: Days, quarters: ByQuarter, edges: Sequence[datetime] | None) -> Select[Any]:
    portion, slots = _given(quarters), SLOTS.c
    theirs = and_(slots.site == days.site, slots.bot.is_(wanted.question.who is Who.BOT))
    labels = [] if edges is None else [portion.c.bucket.label("cut_0")]
    added = [_summed(_in_slot(one, portion.c.is_end)).label(one.name) for one in wanted.sums]
    within = and_(theirs, slots.slot >= portion.c.since, slots.slot < portion.c.until)
    return select(*labels, *added).select_from(portion.join(SLOTS, within)).group_by(*labels)


def _given(quarters: ByQuarter) -> TableValuedAlias:
    moment = DateTime(timezone=True)
    columns = (("bucket", Integer()), ("since", moment), ("until", moment), ("is_end", Boolean()))
    arrays = [
        cast(_array([getattr(each, name) for each in quarters.portions], ARRAY(kind)), ARRAY(kind)) for name, kind in columns
    ]
    return func.unnest(*arrays).table_valued(*(column(name, kind) for name, kind in columns)).render_derived(name="portion")


def _in_slot(one: Sum, is_end: ColumnElement[bool]) -> ColumnElement[int]:
    if one == VISITORS:
        return case((is_end, SLOTS.c.lasts), else_=SLOTS.c.firsts)
    counted: ColumnElement[int] = SLOTS.c[one.name]
    return counted


def _from_values(
    wanted: Wanted, days: Days, kept: Sequence[Filter], parts: ByDay, edges: Sequence[datetime] | None
) -> Select[Any]:
    table, values = DAY_VISITS.c, [one.value for one in kept]
    numbers = select(ROLLUP_WORDS.c.id).where(ROLLUP_WORDS.c.site == days.site, ROLLUP_WORDS.c.word.in_(values))
    labels: list[Any] = [] if edges is None else [_bucket_of(table.day, edges).label("cut_0")]
    labels += [_summed(table[_OF_KEPT_VISITS[one]]).label(one.name) for one in wanted.sums]
    of_days = _of_days(wanted, days, table, kept[0].dimension, parts.whole)
    query: Select[Any] = select(*labels).where(*of_days, table.value.in_(numbers))
    return query if edges is None else query.group_by(labels[0])


def _bucket_of(day: ColumnElement[date], edges: Sequence[datetime]) -> ColumnElement[int]:
    begins = func.timezone("UTC", cast(day, DateTime()))
    return func.width_bucket(begins, _array(edges, ARRAY(DateTime(timezone=True))))


def _of_days(
    wanted: Wanted, days: Days, columns: Columns, dimension: Dimension, whole: Sequence[date]
) -> list[ColumnElement[bool]]:
    return [
        columns.site == days.site,
        columns.bot.is_(wanted.question.who is Who.BOT),
        columns.dimension == NUMBERS[dimension.name],
        columns.day == func.any(_array(whole, ARRAY(Date))),
    ]


def _array(values: Sequence[Any], kind: ARRAY[Any]) -> ColumnElement[Any]:
    return bindparam(None, list(values), type_=kind, unique=True)


def _summed(of: ColumnElement[int]) -> ColumnElement[int]:
    return cast(func.coalesce(func.sum(of), 0), BigInteger)
