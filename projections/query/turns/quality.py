"""Quality: of the turns that ended, how many were answered, how fast, and what people thought; in all and by what answered."""

from enum import StrEnum

from msgspec import Struct
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from projections.query.turns.interval import Share, wilson
from projections.query.turns.window import Window

MOST_ROWS = 100


class By(StrEnum):
    """What turns are told apart by; the value is the column."""

    MODEL = "model"
    PROMPT_VERSION = "prompt_version"
    STEP = "step"
    JOURNEY = "journey"
    PROVIDER = "provider"


class Quality(Struct, frozen=True, kw_only=True):
    """Turns that ended in the window, and the votes that they ever got.

    ``approval`` is the share of votes that are for the turn, with its interval at 95 %; ``voted_share`` is the share of the
    turns on which anybody voted, without which an approval says little. Times are of those that were answered and say so.
    """

    value: str = ""
    turns: int = 0
    answered: int = 0
    failed: int = 0
    answered_share: Share = wilson(0, 0)
    votes: int = 0
    ups: int = 0
    downs: int = 0
    approval: Share = wilson(0, 0)
    voted: int = 0
    voted_share: Share = wilson(0, 0)
    mean_ms: float | None = None
    median_ms: float | None = None
    p95_ms: float | None = None


async def quality(connection: AsyncConnection, window: Window) -> Quality:
    """Return the numbers of all turns that ended in *window*."""
    return (await _asked(connection, window, "''"))[0]


async def quality_by(connection: AsyncConnection, window: Window, by: By) -> list[Quality]:
    """Return the numbers for each value of *by*, the most frequent first; an empty value is "not said"."""
    return [row for row in await _asked(connection, window, by.value) if row.turns]


async def _asked(connection: AsyncConnection, window: Window, value: str) -> list[Quality]:
    query = f"""
        SELECT {value} AS value, count(*) AS turns, count(*) FILTER (WHERE answered) AS answered,
            coalesce(sum(votes), 0) AS votes, coalesce(sum(ups), 0) AS ups, coalesce(sum(downs), 0) AS downs,
            count(*) FILTER (WHERE votes > 0) AS voted, CAST(avg(duration_ms) FILTER (WHERE answered) AS float) AS mean_ms,
            percentile_cont(ARRAY[0.5, 0.95]) WITHIN GROUP (ORDER BY duration_ms) FILTER (WHERE answered) AS quantiles
        FROM turns WHERE settled_at IS NOT NULL AND {window.where(at="settled_at")}
        {"" if value == "''" else f"GROUP BY {value} ORDER BY turns DESC, value LIMIT {MOST_ROWS}"}
    """
    return [
        Quality(
            value=row.value,
            turns=row.turns,
            answered=row.answered,
            failed=row.turns - row.answered,
            answered_share=wilson(row.answered, row.turns),
            votes=row.votes,
            ups=row.ups,
            downs=row.downs,
            approval=wilson(row.ups, row.votes),
            voted=row.voted,
            voted_share=wilson(row.voted, row.turns),
            mean_ms=row.mean_ms,
            median_ms=row.quantiles[0] if row.quantiles else None,
            p95_ms=row.quantiles[1] if row.quantiles else None,
        )
        for row in await connection.execute(text(query), window.values())
    ]
