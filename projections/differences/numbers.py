"""Numbers: what the web's metrics are on every day of every site, and what they are by dimension where a site differs."""

from collections import defaultdict
from collections.abc import AsyncIterator, Collection, Sequence
from typing import Any, TypeAlias

from sqlalchemy import ColumnElement, Date, Select, and_, cast, distinct, func, select, tuple_
from sqlalchemy.ext.asyncio import AsyncConnection

from projections.differences.difference import Difference, Sides, in_schema, unlike
from projections.query.dimensions import DIMENSIONS, Dimension
from projections.query.metrics import METRICS, TOTAL_EVENTS
from projections.query.sums import Columns, Of, Sum
from projections.read_models.hits import HITS, NOBODY
from projections.read_models.visits import VISITS

_NUMBERS = (*METRICS, TOTAL_EVENTS)

Site: TypeAlias = tuple[str, str]
Key: TypeAlias = tuple[Any, ...]


async def in_numbers(connection: AsyncConnection, sides: Sides) -> AsyncIterator[Difference]:
    """Yield which metric is another on which day of which site, as the dashboard shows it: without robots."""
    was, is_now = defaultdict[Key, dict[str, int]](dict), defaultdict[Key, dict[str, int]](dict)
    for sums in _together():
        names = [one.name for one in sums]
        for row in await unlike(connection, _by_day(sums, sides.read, sides), _by_day(sums, sides.made, sides), keys=3):
            was[row.key] |= {name: number or 0 for name, number in zip(names, row.was, strict=True)}
            is_now[row.key] |= {name: number or 0 for name, number in zip(names, row.is_now, strict=True)}
    for key in sorted(was):
        for metric in _NUMBERS:
            if not all(one.name in was[key] for one in metric.sums):
                continue
            before, after = metric.formula(was[key]), metric.formula(is_now[key])
            if before != after:
                tenant, site, day = key
                yield Difference(
                    projection="web", tenant=tenant, site=site, day=day, number=metric.name, was=before, is_now=after
                )


async def in_dimensions(connection: AsyncConnection, sides: Sides, sites: Collection[Site]) -> AsyncIterator[Difference]:
    """Yield which value of which dimension has another number of visits, pageviews or events, over all days of *sites*."""
    for dimension in DIMENSIONS:
        was, is_now = (_by_value(dimension, schema, sites) for schema in (sides.read, sides.made))
        for row in await unlike(connection, was, is_now, keys=3):
            tenant, site, value = row.key
            yield Difference(
                projection="web",
                tenant=tenant,
                site=site,
                number="visits" if dimension.of is Of.VISIT else f"{dimension.kind.name.lower()}s",
                was=row.was[0] or 0,
                is_now=row.is_now[0] or 0,
                dimension=dimension.name,
                value=value,
            )


def _together() -> Sequence[Sequence[Sum]]:
    groups: defaultdict[Key, dict[str, Sum]] = defaultdict(dict)
    for one in (one for metric in _NUMBERS for one in metric.sums):
        groups[one.of, one.kinds][one.name] = one
    return [list(group.values()) for group in groups.values()]


def _by_day(sums: Sequence[Sum], schema: str, sides: Sides) -> Select[Any]:
    first = sums[0]
    columns, moment, counted = _counted(first.of, first.kinds, schema)
    keys = [columns.tenant, columns.site, cast(moment, Date).label("on_day")]
    numbers = [(one.of_group(columns) if one.of_group else _visitors(columns)).label(one.name) for one in sums]
    return select(*keys, *numbers).where(counted, sides.of(columns)).group_by(*keys)


def _visitors(columns: Columns) -> ColumnElement[int]:
    return func.count(distinct(tuple_(columns.day, columns.visitor))).filter(columns.visitor != NOBODY)


def _by_value(dimension: Dimension, schema: str, sites: Collection[Site]) -> Select[Any]:
    columns, _, counted = _counted(dimension.of, (dimension.kind,), schema, of_robots=dimension.name == "bot")
    value = dimension.on(columns)
    keys = [columns.tenant, columns.site, value.label("value")]
    named = () if dimension.blank is not None else (value != "",)
    wanted = and_(counted, tuple_(columns.tenant, columns.site).in_(list(sites)), *named)
    return select(*keys, func.count().label("rows")).where(wanted).group_by(*keys)


def _counted(
    of: Of, kinds: Sequence[Any], schema: str, *, of_robots: bool = False
) -> tuple[Columns, ColumnElement[Any], ColumnElement[bool]]:
    """Return the columns of what is counted, the moment by which it is of a day, and which rows count."""
    if of is Of.VISIT:
        visits = in_schema(VISITS, schema).c
        return visits, visits.began_at, and_(visits.bot.is_(of_robots), visits.began_at.is_not(None))
    hits = in_schema(HITS, schema).c
    return hits, hits.occurred_at, and_(hits.bot.is_(of_robots), hits.kind.in_([int(kind) for kind in kinds]))
