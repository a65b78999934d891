"""What rollups hold, decoded, and what the same day's hits and visits add up to, by plain statements that share nothing."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, TypeAlias

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from projections.database import open_engine
from projections.query.dimensions import DIMENSION_NAMED
from projections.query.sums import Of
from projections.read_models.rollups.numbering import NUMBERS
from tests.projections.world import Tables, read_generation

# By tenant, site, day or quarter hour, robot or not, and dimension and value where there are some.
Numbers: TypeAlias = dict[tuple[Any, ...], tuple[int, ...]]

_SLOTS = """
    SELECT site_ids.tenant, site_ids.site, slot, bot, visits, firsts, lasts, views, bounces, duration_ms, pageviews, events
    FROM slots JOIN site_ids ON site_ids.id = slots.site AND site_ids.owner = slots.tenant
"""
_VALUES = """
    SELECT site_ids.tenant, site_ids.site, day, bot, dimension, word, {sums}
    FROM {table} JOIN site_ids ON site_ids.id = {table}.site AND site_ids.owner = {table}.tenant
    JOIN rollup_words ON rollup_words.id = value AND rollup_words.site = {table}.site
"""
_VISITS = "SELECT * FROM visits WHERE began_at IS NOT NULL"
_HITS = "SELECT * FROM hits"


async def rolled_up(connection: AsyncConnection) -> dict[str, Numbers]:
    """Return everything that rollups hold; a row that is there twice is an error."""
    return {
        "slots": await _numbers(connection, _SLOTS, 4),
        "visits": await _numbers(
            connection, _VALUES.format(table="day_visits", sums="visitors, visits, views, bounces, duration_ms, events"), 6
        ),
        "hits": await _numbers(connection, _VALUES.format(table="day_hits", sums="visitors, hits"), 6),
    }


async def added_up(connection: AsyncConnection, *, before: datetime) -> dict[str, Numbers]:
    """Return what rollups of every day before *before* should hold, added up here, fact by fact."""
    visits = [row for row in await _rows(connection, _VISITS) if row["began_at"] < before]
    hits = [row for row in await _rows(connection, _HITS) if row["occurred_at"] < before]
    return {"slots": _slots(visits, hits), "visits": _of_visits(visits), "hits": _of_hits(hits)}


async def both(engine: AsyncEngine, *, before: datetime) -> tuple[dict[str, Numbers], dict[str, Numbers]]:
    """Return what is rolled up, and what should be."""
    async with engine.connect() as connection:
        return await rolled_up(connection), await added_up(connection, before=before)


async def both_in(database_url: str, *, before: datetime) -> tuple[dict[str, Numbers], dict[str, Numbers]]:
    """Return what is rolled up in the generation that is read, and what should be."""
    engine = open_engine(database_url, schema=(await read_generation(database_url)).schema)
    try:
        return await both(engine, before=before)
    finally:
        await engine.dispose()


def all_fresh(tables: Tables, facts: int) -> Callable[[], Awaitable[bool]]:
    """Return what tells whether *facts* are there and every day that is over is fresh."""

    async def are_they() -> bool:
        days = "SELECT count(*) > 0 AND bool_and(state = 2) FROM site_days WHERE day < (now() AT TIME ZONE 'UTC')::date"
        return await tables.count("hits") == facts and bool(await tables.value(days))

    return are_they


async def _numbers(connection: AsyncConnection, query: str, width: int) -> Numbers:
    rows = [tuple(row) for row in await connection.execute(text(query))]
    numbers = {row[:width]: row[width:] for row in rows}
    assert len(numbers) == len(rows), "a row is there twice"
    return numbers


async def _rows(connection: AsyncConnection, query: str) -> list[dict[str, Any]]:
    return [dict(row) for row in (await connection.execute(text(query))).mappings()]


def _slots(visits: Sequence[Mapping[str, Any]], hits: Sequence[Mapping[str, Any]]) -> Numbers:
    added: dict[tuple[Any, ...], list[int]] = {}

    def add(key: tuple[Any, ...], at: datetime, *numbers: int) -> None:
        so_far = added.setdefault((*key[:2], _quarter(at), key[2]), [0] * 8)
        for place, number in enumerate(numbers):
            so_far[place] += number

    days: dict[tuple[Any, ...], list[datetime]] = {}
    for visit in visits:
        key = visit["tenant"], visit["site"], visit["bot"]
        days.setdefault((*key, _day(visit["began_at"]), visit["visitor"]), []).append(visit["began_at"])
        add(key, visit["began_at"], 1, 0, 0, *_of_one(visit))
    for (*key, _, _), began in days.items():
        add(tuple(key), min(began), 0, 1)
        add(tuple(key), max(began), 0, 0, 1)
    for hit in hits:
        if hit["kind"] in {1, 2}:
            key = hit["tenant"], hit["site"], hit["bot"]
            add(key, hit["occurred_at"], 0, 0, 0, 0, 0, 0, int(hit["kind"] == 1), int(hit["kind"] == 2))
    return {key: tuple(numbers) for key, numbers in added.items()}


def _of_visits(visits: Sequence[Mapping[str, Any]]) -> Numbers:
    found: dict[tuple[Any, ...], list[tuple[int, tuple[int, ...]]]] = {}
    for name, number in NUMBERS.items():
        dimension = DIMENSION_NAMED[name]
        for visit in visits if dimension.of is Of.VISIT else ():
            value = visit[dimension.column]
            if value and dimension.behind:
                value = f"{visit[dimension.behind]} {value}"
            if value or dimension.blank is not None:
                key = (visit["tenant"], visit["site"], _day(visit["began_at"]), visit["bot"], number, value)
                found.setdefault(key, []).append((visit["visitor"], (1, *_of_one(visit), visit["events"])))
    return {
        key: (len({who for who, _ in rows}), *(sum(column) for column in zip(*(row for _, row in rows), strict=True)))
        for key, rows in found.items()
    }


def _of_hits(hits: Sequence[Mapping[str, Any]]) -> Numbers:
    found: dict[tuple[Any, ...], tuple[set[int], list[int]]] = {}
    for name, number in NUMBERS.items():
        dimension = DIMENSION_NAMED[name]
        for hit in hits if dimension.of is Of.HIT else ():
            value = hit[dimension.column]
            if hit["kind"] in dimension.kinds and (value or dimension.blank is not None):
                key = (hit["tenant"], hit["site"], _day(hit["occurred_at"]), hit["bot"], number, value)
                visitors, counted = found.setdefault(key, (set(), []))
                visitors |= {hit["visitor"]} - {0}
                counted.append(int(hit["kind"] == dimension.kind))
    return {key: (len(visitors), sum(counted)) for key, (visitors, counted) in found.items()}


def _of_one(visit: Mapping[str, Any]) -> tuple[int, int, int]:
    is_bounce = visit["pageviews"] == 1 and visit["interactions"] == 0
    lasted = int((visit["ended_at"] - visit["began_at"]) / timedelta(milliseconds=1) + 0.5)
    return visit["pageviews"], int(is_bounce), lasted + visit["engaged_ms"]


def _quarter(at: datetime) -> datetime:
    at = at.astimezone(UTC)
    return at.replace(minute=at.minute // 15 * 15, second=0, microsecond=0)


def _day(at: datetime) -> Any:
    return at.astimezone(UTC).date()
