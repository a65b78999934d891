"""Quality: of the turns that ended, how many were answered, how fast, and what people thought; in all and by what answered."""

from collections.abc import Sequence
from enum import StrEnum

from msgspec import Struct
from sqlalchemy import RowMapping, text
from sqlalchemy.ext.asyncio import AsyncConnection

from projections.query.turns.interval import Share, wilson
from projections.query.turns.window import Window

MOST_ROWS = 100
# The value of what is not told apart.
_WHOLE = "''"


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


async def told_apart(connection: AsyncConnection, window: Window, by: Sequence[By]) -> tuple[Quality, dict[By, list[Quality]]]:
    """Return the numbers of all turns that ended in *window*, and for each value of each of *by*; without quantiles.

    One reading of the turns answers all of it: quantiles alone would have them sorted once for each.
    """
    sets = ", ".join(f"({one.value})" for one in by)
    query = f"""
        SELECT {", ".join(one.value for one in by)}, GROUPING({", ".join(one.value for one in by)}) AS level, {_SUMS}
        FROM turns WHERE settled_at IS NOT NULL AND {window.where(at="settled_at")}
        GROUP BY GROUPING SETS ((), {sets}) ORDER BY turns DESC
    """
    whole, found = Quality(), dict[By, list[Quality]]((one, []) for one in by)
    for row in (await connection.execute(text(query), window.values())).mappings():
        # Of the columns only that which a row is grouped by has its bit unset, and of the whole none has.
        ours = [one for place, one in enumerate(reversed(by)) if not row["level"] >> place & 1]
        if not ours:
            whole = _quality(row, "")
        elif len(found[ours[0]]) < MOST_ROWS:
            found[ours[0]].append(_quality(row, row[ours[0].value]))
    return whole, {one: sorted(rows, key=lambda row: (-row.turns, row.value)) for one, rows in found.items()}


async def quality(connection: AsyncConnection, window: Window) -> Quality:
    """Return the numbers of all turns that ended in *window*."""
    return (await _asked(connection, window, _WHOLE))[0]


async def quality_by(connection: AsyncConnection, window: Window, by: By) -> list[Quality]:
    """Return the numbers for each value of *by*, the most frequent first; an empty value is "not said"."""
    return [row for row in await _asked(connection, window, by.value) if row.turns]


_SUMS = """count(*) AS turns, count(*) FILTER (WHERE answered) AS answered,
            coalesce(sum(votes), 0) AS votes, coalesce(sum(ups), 0) AS ups, coalesce(sum(downs), 0) AS downs,
            count(*) FILTER (WHERE votes > 0) AS voted, CAST(avg(duration_ms) FILTER (WHERE answered) AS float) AS mean_ms"""


async def _asked(connection: AsyncConnection, window: Window, value: str) -> list[Quality]:
    query = f"""
        SELECT {value} AS value, {_SUMS},
            percentile_cont(ARRAY[0.5, 0.95]) WITHIN GROUP (ORDER BY duration_ms) FILTER (WHERE answered) AS quantiles
        FROM turns WHERE settled_at IS NOT NULL AND {window.where(at="settled_at")}
        {"" if value == _WHOLE else f"GROUP BY {value} ORDER BY turns DESC, value LIMIT {MOST_ROWS}"}
    """
    rows = (await connection.execute(text(query), window.values())).mappings()
    return [_quality(row, row["value"], row["quantiles"]) for row in rows]


def _quality(row: RowMapping, value: str, quantiles: Sequence[float] | None = None) -> Quality:
    return Quality(
        value=value,
        turns=row["turns"],
        answered=row["answered"],
        failed=row["turns"] - row["answered"],
        answered_share=wilson(row["answered"], row["turns"]),
        votes=row["votes"],
        ups=row["ups"],
        downs=row["downs"],
        approval=wilson(row["ups"], row["votes"]),
        voted=row["voted"],
        voted_share=wilson(row["voted"], row["turns"]),
        mean_ms=row["mean_ms"],
        median_ms=quantiles[0] if quantiles else None,
        p95_ms=quantiles[1] if quantiles else None,
    )
