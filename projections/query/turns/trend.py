"""Trend: how votes move: their share in the earlier and in the later half, and what they weigh as they grow old."""

import math
from collections.abc import Sequence
from datetime import datetime, timedelta
from itertools import accumulate
from typing import Any

from msgspec import Struct
from sqlalchemy import Row, text
from sqlalchemy.ext.asyncio import AsyncConnection

from projections.query.turns.hours import OF_CONVERSATION, vote_hours
from projections.query.turns.window import HOUR, Window

_HALF_LIFE = timedelta(days=7)
_LEAST_WEIGHT = 0.01


class Trend(Struct, frozen=True, kw_only=True):
    """All votes of a window, also those without a value, and the shares of those for it in the earlier and the later half.

    ``weighted`` is that share with a half-life of seven days, and ``mean_ms`` how long the turns had taken, where that is said.
    Votes of one hour weigh what they weigh at their mean age, which is the same to a few millionths.
    """

    votes: int = 0
    ups: int = 0
    earlier: float = 0.0
    later: float = 0.0
    weighted: float = 0.0
    mean_ms: float | None = None


async def trend(connection: AsyncConnection, window: Window, *, now: datetime) -> Trend:
    """Return how the votes of *window* move, and what they weigh at *now*."""
    hours = await _hours(connection, window)
    votes, ups = sum(hour.every for hour in hours), sum(hour.ups for hour in hours)
    early = await _ups_of_first(connection, window, hours, votes // 2)
    weights = [hour.every * _weight(hour.hour, hour.late_us / hour.every, now) for hour in hours]
    weights_up = [hour.ups * _weight(hour.hour, hour.late_up_us / hour.ups, now) for hour in hours if hour.ups]
    timed, total_ms = sum(hour.timed for hour in hours), sum(hour.total_ms for hour in hours)
    return Trend(
        votes=votes,
        ups=ups,
        earlier=_share(early, votes // 2),
        later=_share(ups - early, votes - votes // 2),
        weighted=_share(sum(weights_up), sum(weights)),
        mean_ms=float(total_ms / timed) if timed else None,
    )


async def _hours(connection: AsyncConnection, window: Window) -> Sequence[Row[Any]]:
    hours, asked = vote_hours(window)
    query = f"""
        SELECT hour, CAST(sum(every) AS bigint) AS every, CAST(sum(ups) AS bigint) AS ups,
            CAST(sum(late_us) AS float) AS late_us, CAST(sum(late_up_us) AS float) AS late_up_us,
            CAST(sum(timed) AS bigint) AS timed, sum(total_ms) AS total_ms
        FROM ({hours}) AS hours GROUP BY hour ORDER BY hour
    """
    return (await connection.execute(text(query), asked)).all()


async def _ups_of_first(connection: AsyncConnection, window: Window, hours: Sequence[Row[Any]], first: int) -> int:
    """Return how many of the *first* votes are for their turn: those of whole *hours*, and of the next one read one by one."""
    ends = list(accumulate(hour.every for hour in hours))
    whole = sum(1 for end in ends if end <= first)
    ups, rest = sum(hour.ups for hour in hours[:whole]), first - (ends[whole - 1] if whole else 0)
    if not rest:
        return int(ups)
    query = f"""
        SELECT count(*) FILTER (WHERE value > 0) FROM (
            SELECT value FROM votes WHERE {window.where(conversation=OF_CONVERSATION)}
            AND occurred_at >= :hour AND occurred_at < :hour_after ORDER BY occurred_at, event_id LIMIT :rest
        ) AS first
    """
    asked = {"hour": hours[whole].hour, "hour_after": hours[whole].hour + HOUR, "rest": rest}
    return int(ups) + int(await connection.scalar(text(query), window.values() | asked) or 0)


def _weight(hour: datetime, late_us: float, now: datetime) -> float:
    age = now - hour - timedelta(microseconds=late_us)
    return max(_LEAST_WEIGHT, math.pow(0.5, age / _HALF_LIFE))


def _share(part: float, whole: float) -> float:
    return part / whole if whole else 0.0
