"""Computing: the rows of some days of sites, whole, from their hits and visits, by a few statements inside Postgres.

What is added up is said by the same sums and dimensions as answers from rows are, so that both are the same numbers.
"""

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from functools import cache
from typing import Any

from msgspec import Struct
from sqlalchemy import (
    CTE,
    ColumnElement,
    Delete,
    Insert,
    Select,
    SmallInteger,
    Table,
    delete,
    func,
    insert,
    literal,
    select,
    text,
    union_all,
)
from sqlalchemy.ext.asyncio import AsyncConnection

from projections.query.dimensions import Dimension
from projections.query.sums import Columns, Sum, among
from projections.read_models.hits import NOBODY
from projections.read_models.rollups.days import DAY, hits_of, visits_of, wanted_days
from projections.read_models.rollups.numbering import NUMBERS, OF_HITS, OF_VISITS
from projections.read_models.rollups.tables import DAY_HITS, DAY_VISITS, EVENTS_OF_VISITS, HIT_SUMS, SLOTS, VISIT_SUMS
from projections.read_models.rollups.words import worded

SLOT = timedelta(minutes=15)
_ANY_QUARTER = datetime(2000, 1, 1, tzinfo=UTC)
# Room for the groups of a large site's day, which by Postgres's own default would go through files; and each word by one
# look-up: how many rows a day has is not known before, and a dictionary is not to be read as a whole for each.
_MANNERS = text("""
    SELECT set_config('work_mem', '16MB', true), set_config('enable_hashjoin', 'off', true),
           set_config('random_page_cost', '1.1', true)
""")


class Wanted(Struct, frozen=True, kw_only=True):
    """A UTC day of a site, by its numbers and its names."""

    tenant_id: int
    site_id: int
    tenant: str
    site: str
    day: date


async def compute(connection: AsyncConnection, days: Sequence[Wanted], *, most: int) -> dict[int, list[int]]:
    """Write the rows of *days* anew, and return the dimensions of which a day has more than *most* values, by its place.

    Rows of such a dimension are left out, values of humans and robots counted apart. A day without facts has no rows
    afterwards. All of it is seen as of no single moment: keep it only if nobody has marked the day meanwhile.
    """
    asked = _asked(days)
    await connection.execute(_MANNERS)
    for table, moment in _PLACES:
        await connection.execute(_deletion(table, moment), asked)
    await connection.execute(_of_slots(), asked)
    many: dict[int, list[int]] = {}
    for statement in (_of_visits(), _of_hits()):
        for place, dimension in await connection.execute(statement, asked | {"most": most}):
            many.setdefault(place, []).append(dimension)
    return many


# By what a row of each table is found to be of a day.
_PLACES: tuple[tuple[Table, str], ...] = ((SLOTS, "slot"), (DAY_VISITS, "day"), (DAY_HITS, "day"))


def _asked(days: Sequence[Wanted]) -> dict[str, list[Any]]:
    return {
        "tenant_ids": [each.tenant_id for each in days],
        "site_ids": [each.site_id for each in days],
        "days": [each.day for each in days],
        "since": [datetime(each.day.year, each.day.month, each.day.day, tzinfo=UTC) for each in days],
    }


@cache
def _deletion(table: Table, moment: str) -> Delete:
    wanted, at = wanted_days(), table.c[moment]
    if moment == "day":
        # All that stands between the site and the day in the index, so that it is not read as a whole.
        between = table.c.bot.in_([False, True]), table.c.dimension.in_(sorted(NUMBERS.values()))
        return delete(table).where(table.c.site == wanted.c.site_id, *between, at == wanted.c.day)
    return delete(table).where(table.c.site == wanted.c.site_id, at >= wanted.c.since, at < wanted.c.since + DAY)


_OF_VISIT_SUMS = ("ended_at", "engaged_ms", "pageviews", "events", "interactions")


@cache
def _of_slots() -> Insert:
    wanted = wanted_days()
    both = union_all(_slots_of_visits(wanted), _slots_of_hits(wanted)).subquery("both")
    names = ["firsts", "lasts", *(one.name for one in (*VISIT_SUMS, *HIT_SUMS))]
    summed = (
        select(wanted.c.tenant_id, wanted.c.site_id, both.c.bot, both.c.slot, *(func.sum(both.c[name]) for name in names))
        .join(wanted, wanted.c.place == both.c.place)
        .group_by(wanted.c.tenant_id, wanted.c.site_id, both.c.bot, both.c.slot)
        .order_by(wanted.c.site_id, both.c.bot, both.c.slot)
    )
    return insert(SLOTS).from_select(["tenant", "site", "bot", "slot", *names], summed)


def _slots_of_visits(wanted: CTE) -> Select[Any]:
    visits = visits_of(wanted, *_OF_VISIT_SUMS).subquery("of_days")
    one_visitors, began_at = [visits.c.place, visits.c.bot, visits.c.visitor], visits.c.began_at
    ranked = select(
        *visits.c,
        (func.row_number().over(partition_by=one_visitors, order_by=began_at) == 1).label("is_first"),
        (func.row_number().over(partition_by=one_visitors, order_by=began_at.desc()) == 1).label("is_last"),
    ).subquery("ranked")
    slot = func.date_bin(SLOT, ranked.c.began_at, _ANY_QUARTER).label("slot")
    return select(
        *(ranked.c.place, ranked.c.bot, slot),
        func.count().filter(ranked.c.is_first).label("firsts"),
        func.count().filter(ranked.c.is_last).label("lasts"),
        *(_added(one, ranked.c) for one in VISIT_SUMS),
        *(literal(0).label(one.name) for one in HIT_SUMS),
    ).group_by(ranked.c.place, ranked.c.bot, slot)


def _slots_of_hits(wanted: CTE) -> Select[Any]:
    kinds = tuple(kind for one in HIT_SUMS for kind in one.kinds)
    of_days = hits_of(wanted).subquery("of_days")
    hits = select(of_days).where(of_days.c.kind.in_([int(kind) for kind in kinds])).subquery("counted")
    slot = func.date_bin(SLOT, hits.c.occurred_at, _ANY_QUARTER).label("slot")
    return select(
        *(hits.c.place, hits.c.bot, slot),
        *(literal(0).label(name) for name in ("firsts", "lasts", *(one.name for one in VISIT_SUMS))),
        *(_added(among(one, kinds), hits.c) for one in HIT_SUMS),
    ).group_by(hits.c.place, hits.c.bot, slot)


@cache
def _of_visits() -> Select[Any]:
    wanted, sums = wanted_days(), (*VISIT_SUMS, EVENTS_OF_VISITS)
    columns = _columns_of(OF_VISITS)
    visits = visits_of(wanted, *_OF_VISIT_SUMS, *columns).cte("of_days")
    each = [_by_value(visits, dimension, sums) for dimension in OF_VISITS]
    return worded(DAY_VISITS, wanted, union_all(*each).cte("counted"), [one.name for one in sums])


@cache
def _of_hits() -> Select[Any]:
    wanted = wanted_days()
    hits = hits_of(wanted, *_columns_of(OF_HITS)).cte("of_days")
    each = [_by_value(hits, dimension, [_hits_of(dimension)]) for dimension in OF_HITS]
    return worded(DAY_HITS, wanted, union_all(*each).cte("counted"), ["hits"])


def _columns_of(dimensions: Sequence[Dimension]) -> list[str]:
    # A version stands behind the column of whose version it is.
    return list(dict.fromkeys(name for each in dimensions for name in (each.column, each.behind) if name))


def _hits_of(dimension: Dimension) -> Sum:
    return Sum(name="hits", of=dimension.of, of_group=lambda hits: func.count().filter(hits.kind == int(dimension.kind)))


def _by_value(rows: CTE, dimension: Dimension, sums: Sequence[Sum]) -> Select[Any]:
    """Return visitors and *sums* by the values of *dimension*, in the order: place, dimension, bot, value, visitors, sums."""
    value = dimension.on(rows.c).label("value")
    key = [rows.c.place, rows.c.bot, value]
    # Twice grouped, because counting distinct visitors would sort every row and this hashes them.
    each = select(*key, rows.c.visitor, *(_added(one, rows.c) for one in sums)).group_by(*key, rows.c.visitor)
    if dimension.blank is None:
        each = each.where(value.element != "")
    if "kind" in rows.c:
        each = each.where(rows.c.kind.in_([int(kind) for kind in dimension.kinds]))
    visitors = each.subquery("each_visitor")
    number = literal(NUMBERS[dimension.name], SmallInteger()).label("dimension")
    return select(
        *(visitors.c.place, number, visitors.c.bot, visitors.c.value),
        func.count().filter(visitors.c.visitor != NOBODY).label("visitors"),
        *(func.sum(visitors.c[one.name]).label(one.name) for one in sums),
    ).group_by(visitors.c.place, visitors.c.bot, visitors.c.value)


def _added(one: Sum, columns: Columns) -> ColumnElement[int]:
    if one.of_group is None:
        raise ValueError(f"{one.name} is no sum of rows")
    return one.of_group(columns).label(one.name)
