"""Quality: of the turns that ended, how many were answered, how fast, and what people thought; in all and by what answered."""

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Mapping, Sequence
from enum import StrEnum
from itertools import accumulate
from math import ceil, floor
from typing import TypeAlias

from msgspec import Struct
from msgspec.structs import replace
from sqlalchemy import RowMapping, text
from sqlalchemy.ext.asyncio import AsyncConnection

from projections.query.turns.interval import Share, wilson
from projections.query.turns.window import DAY, HOUR, Window, gathered, pieces_of
from projections.read_models.added import MOST_CHARS
from projections.read_models.turn_hours import BOUNDS, COLUMN_OF, LONGEST, STEPS, Part

MOST_ROWS = 100
# So many milliseconds, and how many answers took that long.
Took: TypeAlias = tuple[int, int]


class By(StrEnum):
    """What turns are told apart by; the value is the column."""

    MODEL = "model"
    PROMPT_VERSION = "prompt_version"
    STEP = "step"
    JOURNEY = "journey"
    PROVIDER = "provider"

    @property
    def part(self) -> Part:
        """Return what goes by its name where turns are added up."""
        return Part[self.name]


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


async def told_apart(
    connection: AsyncConnection, window: Window, by: Sequence[By] = ()
) -> tuple[Quality, dict[By, list[Quality]]]:
    """Return the numbers of all turns that ended in *window*, and for each value of each of *by*; without quantiles."""
    rows, asked = gathered(pieces_of(window, HOUR), added_up=_hours, told=_told_hours, moment="hour", at="settled_at")
    query = f"""
        SELECT part, value, {", ".join(f"CAST(sum({name}) AS bigint) AS {name}" for name in _SUMS)},
            CAST(sum(total_ms) / nullif(sum(timed), 0) AS float) AS mean_ms
        FROM ({rows}) AS hours WHERE part = ANY(CAST(:parts AS smallint[]))
        GROUP BY part, value ORDER BY turns DESC, value
    """
    whole, found = Quality(), dict[By, list[Quality]]((one, []) for one in by)
    parts = [int(Part.WHOLE), *(int(one.part) for one in by)]
    for row in (await connection.execute(text(query), asked | {"parts": parts})).mappings():
        if row["part"] == Part.WHOLE:
            whole = _quality(row)
        elif len(ours := found[By(COLUMN_OF[Part(row["part"])])]) < MOST_ROWS:
            ours.append(_quality(row))
    return whole, found


async def timed_apart(connection: AsyncConnection, window: Window, by: Sequence[By]) -> tuple[Quality, dict[By, list[Quality]]]:
    """Return what told_apart() does with the quantiles of how long answers took, each within one hundredth."""
    whole, apart = await told_apart(connection, window, by)
    took = await _took(connection, window, [Part.WHOLE, *(one.part for one in by)])
    return _timed(whole, took[Part.WHOLE, ""]), {
        one: [_timed(row, took[one.part, row.value]) for row in rows] for one, rows in apart.items()
    }


async def _took(connection: AsyncConnection, window: Window, parts: Sequence[Part]) -> Mapping[tuple[Part, str], list[Took]]:
    rows, asked = gathered(pieces_of(window, DAY), added_up=_times, told=_told_times, moment="day", at="settled_at")
    query = f"""
        SELECT part, value, took_ms, CAST(sum(turns) AS bigint) AS turns
        FROM ({rows}) AS times WHERE part = ANY(CAST(:parts AS smallint[])) GROUP BY part, value, took_ms ORDER BY took_ms
    """
    found: defaultdict[tuple[Part, str], list[Took]] = defaultdict(list)
    for part, value, took_ms, turns in await connection.execute(text(query), asked | {"parts": list(map(int, parts))}):
        found[Part(part), value].append((took_ms, turns))
    return found


def quantile(took: Sequence[Took], part: float) -> float | None:
    """Return what *part* of the answers took at the most, between two of them where it lies there; *took* is in its order."""
    ends = list(accumulate(turns for _, turns in took))
    if not ends:
        return None
    place = part * (ends[-1] - 1)
    low, high = (took[bisect_right(ends, at)][0] for at in (floor(place), ceil(place)))
    return low + (high - low) * (place - floor(place))


def _timed(row: Quality, took: Sequence[Took]) -> Quality:
    return replace(row, median_ms=quantile(took, 0.5), p95_ms=quantile(took, 0.95))


def _hours(where: str) -> str:
    return f"SELECT part, value, {', '.join(_SUMS)}, total_ms FROM turn_hours WHERE {where}"


def _told_hours(where: str) -> str:
    return f"""
        SELECT part, value, count(*) AS turns, count(*) FILTER (WHERE answered) AS answered, sum(votes) AS votes,
            sum(ups) AS ups, sum(downs) AS downs, count(*) FILTER (WHERE votes > 0) AS voted,
            count(duration_ms) FILTER (WHERE answered) AS timed,
            coalesce(sum(duration_ms) FILTER (WHERE answered), 0) AS total_ms
        FROM turns CROSS JOIN LATERAL (VALUES {_VALUES}) AS apart (part, value)
        WHERE settled_at IS NOT NULL AND {where} GROUP BY part, value
    """


def _times(where: str) -> str:
    return f"SELECT part, value, took_ms, turns FROM turn_times WHERE {where}"


def _told_times(where: str) -> str:
    return f"""
        SELECT part, value, (took + width / 2) / width * width AS took_ms, count(*) AS turns
        FROM turns CROSS JOIN LATERAL (VALUES {_VALUES}) AS apart (part, value)
        CROSS JOIN LATERAL (SELECT least(duration_ms, {LONGEST}) AS took, {_STEP} AS width) AS counted
        WHERE answered AND duration_ms IS NOT NULL AND settled_at IS NOT NULL AND {where}
        GROUP BY 1, 2, 3
    """


_SUMS = ("turns", "answered", "votes", "ups", "downs", "voted", "timed")
# What turn_hours makes of a turn, once more.
_VALUES = ", ".join(
    [f"({int(Part.WHOLE)}, '')", *(f"({int(part)}, left({column}, {MOST_CHARS}))" for part, column in COLUMN_OF.items())]
)
_STEP = (
    f"(CAST(ARRAY[{', '.join(map(str, STEPS))}] AS bigint[]))"
    f"[1 + width_bucket(least(duration_ms, {LONGEST}), CAST(ARRAY[{', '.join(map(str, BOUNDS))}] AS bigint[]))]"
)


def _quality(row: RowMapping) -> Quality:
    return Quality(
        value=row["value"],
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
    )
