"""Freshening: dirty days are claimed, computed whole, and fresh only if no batch and nobody else has touched them meanwhile.

A claim is one short transaction, and the rows are another. The claim waits for every batch that is under way, so that whatever
is folded later finds the day claimed, and marks it; the second one ends by asking for its own claim, and keeps nothing when
that is gone. So it may be killed anywhere, and two may do it at once.
"""

from collections.abc import Sequence
from datetime import date
from typing import Any

from msgspec import Struct
from sqlalchemy import select, text
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from projections.projector.positions import POSITIONS
from projections.read_models.rollups.computing import Wanted, compute
from projections.read_models.rollups.marking import State
from projections.read_models.rollups.numbering import MOST_VALUES, SHAPE


class Overtaken(Exception):
    """A day was touched or claimed by somebody else while it was computed: nothing of it is kept, and it is dirty again."""

    def __init__(self) -> None:
        super().__init__("a day was touched while it was computed")


class Dirty(Struct, frozen=True, kw_only=True):
    """Closed days that are dirty: how many there are, and the oldest of them."""

    many: int
    oldest: tuple[Wanted, ...]


class Claim(Struct, frozen=True, kw_only=True):
    """Days that were claimed together, and by what their marks say so."""

    number: int
    days: tuple[Wanted, ...]


_DIRTY = text(f"""
    SELECT site_days.tenant AS tenant_id, site_days.site AS site_id, site_ids.tenant, site_ids.site, day,
           count(*) OVER () AS many
    FROM site_days JOIN site_ids ON site_ids.id = site_days.site
    WHERE state <> {State.FRESH} AND day < :today ORDER BY day, site_days.site LIMIT :most
""")
_STALER = f"""
    SELECT EXISTS (
        SELECT FROM "{{made}}".site_days AS mine JOIN "{{made}}".site_ids AS ours ON ours.id = mine.site
        JOIN "{{read}}".site_ids AS theirs ON (theirs.tenant, theirs.site) = (ours.tenant, ours.site)
        JOIN "{{read}}".site_days AS other ON other.site = theirs.id AND other.day = mine.day
        WHERE mine.state <> {State.FRESH} AND mine.day < :today AND other.state = {State.FRESH}
    )
"""
# What was computed by other rules, or has lost a dimension, was fresh for those who had them.
_OF_ANOTHER_SHAPE = text(f"UPDATE site_days SET state = {State.DIRTY} WHERE state = {State.FRESH} AND shape <> {SHAPE}")
_THESE = "unnest(CAST(:sites AS integer[]), CAST(:days AS date[])) AS these (site, day)"
# Locked rows are being marked at this moment; who marks them is not waited for, as they are not done anyway.
_CLAIM = text(f"""
    UPDATE site_days SET state = {State.COMPUTING}, claim = CAST(CAST(pg_current_xact_id() AS text) AS bigint)
    FROM (SELECT site, day FROM site_days JOIN {_THESE} USING (site, day) WHERE state <> {State.FRESH}
          ORDER BY site, day FOR UPDATE OF site_days SKIP LOCKED) AS free
    WHERE site_days.site = free.site AND site_days.day = free.day
    RETURNING site_days.site, site_days.day, claim
""")
_HOLD = text(f"""
    SELECT site, day FROM site_days JOIN {_THESE} USING (site, day)
    WHERE state = {State.COMPUTING} AND claim = :claim ORDER BY site, day FOR UPDATE OF site_days SKIP LOCKED
""")
_FORGET_EMPTY = text(f"""
    DELETE FROM site_days USING {_THESE} WHERE site_days.site = these.site AND site_days.day = these.day
    AND NOT EXISTS (
        SELECT FROM coded_hits AS hit WHERE hit.site = these.site
        AND occurred_at >= CAST(these.day AS timestamp) AT TIME ZONE 'UTC'
        AND occurred_at < CAST(these.day + 1 AS timestamp) AT TIME ZONE 'UTC'
    )
""")
_FRESH = text(f"""
    UPDATE site_days SET state = {State.FRESH}, shape = {SHAPE}, many = '{{}}'
    FROM {_THESE} WHERE site_days.site = these.site AND site_days.day = these.day
""")
_MANY = text("UPDATE site_days SET many = CAST(:many AS smallint[]) WHERE site = :site AND day = :day")


async def dirty_days(connection: AsyncConnection, today: date, *, most: int) -> Dirty:
    """Return how many days before *today* are dirty, and at most *most* of them."""
    rows = (await connection.execute(_DIRTY, {"today": today, "most": most})).all()
    oldest = tuple(
        Wanted(tenant_id=row.tenant_id, site_id=row.site_id, tenant=row.tenant, site=row.site, day=row.day) for row in rows
    )
    return Dirty(many=rows[0].many if rows else 0, oldest=oldest)


async def is_staler(connection: AsyncConnection, made: str, read: str, today: date) -> bool:
    """Tell whether a day before *today* is dirty in the schema *made* and fresh in *read*, whose sites have other numbers."""
    return bool(await connection.scalar(text(_STALER.format(made=made, read=read)), {"today": today}))


async def mark_other_shapes(engine: AsyncEngine) -> int:
    """Mark the days that were computed by other definitions than today's, and return how many they were."""
    async with engine.begin() as connection:
        return (await connection.execute(_OF_ANOTHER_SHAPE)).rowcount


async def claim(engine: AsyncEngine, days: Sequence[Wanted]) -> Claim:
    """Claim those of *days* that are dirty, or that somebody has claimed before and not come to an end with."""
    async with engine.begin() as connection:
        # Every batch holds its partition's position from beginning to end: none is under way while we have them all.
        await connection.execute(select(POSITIONS.c.partition).order_by(POSITIONS.c.partition).with_for_update())
        rows = (await connection.execute(_CLAIM, _these(days))).all()
    claimed = {(row.site, row.day) for row in rows}
    ours = tuple(each for each in days if (each.site_id, each.day) in claimed)
    return Claim(number=rows[0].claim if rows else 0, days=ours)


async def freshen(engine: AsyncEngine, claimed: Claim, *, most: int = MOST_VALUES) -> None:
    """Compute the rows of the days that were *claimed*, all in one transaction, or raise Overtaken and leave all as it was."""
    async with engine.begin() as connection:
        many = await compute(connection, claimed.days, most=most)
        await confirm(connection, claimed)
        these = _these(claimed.days)
        await connection.execute(_FRESH, these)
        await connection.execute(_FORGET_EMPTY, these)
        for place, dimensions in many.items():
            day = claimed.days[place - 1]
            await connection.execute(_MANY, {"many": sorted(dimensions), "site": day.site_id, "day": day.day})


async def confirm(connection: AsyncConnection, claimed: Claim) -> None:
    """Hold the marks of what was *claimed* until the transaction ends, or raise Overtaken when one of them is not ours."""
    held = (await connection.execute(_HOLD, _these(claimed.days) | {"claim": claimed.number})).all()
    if len(held) != len(claimed.days):
        raise Overtaken


async def freshen_all(engine: AsyncEngine, today: date, *, most: int = MOST_VALUES, at_once: int = 50) -> int:
    """Compute every dirty day before *today*, whoever else does so, and return how many that were."""
    done = 0
    while True:
        async with engine.connect() as connection:
            dirty = await dirty_days(connection, today, most=at_once)
        if not dirty.oldest:
            return done
        claimed = await claim(engine, dirty.oldest)
        if claimed.days:
            await freshen(engine, claimed, most=most)
            done += len(claimed.days)


def _these(days: Sequence[Wanted]) -> dict[str, Any]:
    return {"sites": [each.site_id for each in days], "days": [each.day for each in days]}
