"""turn_hours, turn_times: the turns that ended in each hour with their votes, and how long they took on each day, added up.

Both follow the rows of turns: what a turn was worth before a batch is taken out, and what it is worth after it is put in. So a
vote that comes before its turn or long after it, and a later end, move what they have to, in any order.
"""

from bisect import bisect_right
from collections.abc import Iterable, Iterator
from datetime import date, datetime
from enum import IntEnum

from sqlalchemy import BigInteger, Column, Date, DateTime, Numeric, SmallInteger, Table, Text
from sqlalchemy.ext.asyncio import AsyncConnection

from projections.read_models.added import MOST_CHARS, Added, Key, Sums, hour_of
from projections.read_models.turn import DESCRIBED, Settled, Turn
from projections.schema import TURNS


class Part(IntEnum):
    """What turns are told apart by; WHOLE is all of them, with "" as the value."""

    WHOLE = 0
    MODEL = 1
    PROMPT_VERSION = 2
    STEP = 3
    JOURNEY = 4
    PROVIDER = 5


# The column of turns in which a part's value stands.
COLUMN_OF: dict[Part, str] = {part: part.name.lower() for part in Part if part is not Part.WHOLE}
_PLACE_OF = {part: DESCRIBED.index(column) for part, column in COLUMN_OF.items()}

HOURS = Table(
    "turn_hours",
    TURNS,
    Column("tenant", Text, primary_key=True),
    Column("site", Text, primary_key=True),
    Column("hour", DateTime(timezone=True), primary_key=True),
    Column("part", SmallInteger, primary_key=True),
    Column("value", Text, primary_key=True),
    Column("turns", BigInteger, nullable=False),
    Column("answered", BigInteger, nullable=False),
    Column("votes", BigInteger, nullable=False),
    Column("ups", BigInteger, nullable=False),
    Column("downs", BigInteger, nullable=False),
    Column("voted", BigInteger, nullable=False),
    Column("timed", BigInteger, nullable=False),
    Column("total_ms", Numeric, nullable=False),
)
TIMES = Table(
    "turn_times",
    TURNS,
    Column("tenant", Text, primary_key=True),
    Column("site", Text, primary_key=True),
    Column("day", Date, primary_key=True),
    Column("part", SmallInteger, primary_key=True),
    Column("value", Text, primary_key=True),
    Column("took_ms", BigInteger, primary_key=True),  # as rounded() has it
    Column("turns", BigInteger, nullable=False),
)
TABLES = (HOURS, TIMES)

# Below the first bound a time is counted to the millisecond, and from each on in steps of a fiftieth of it: 2, 5, 10, 20, ...
# So a quantile is within one hundredth, and round numbers stay what they are.
BOUNDS: tuple[int, ...] = tuple(first * 10**power for power in range(1, 10) for first in (10, 25, 50))
LONGEST = 10**12
STEPS = (1, *(bound // 50 for bound in BOUNDS))


def rounded(milliseconds: int) -> int:
    """Return the time by which one of *milliseconds* is counted."""
    longest = min(milliseconds, LONGEST)
    step = STEPS[bisect_right(BOUNDS, longest)]
    return (longest + step // 2) // step * step


async def follow(connection: AsyncConnection, moved: Iterable[tuple[Key, Turn | None, Turn]]) -> None:
    """Count each turn of *moved*, which is its key and what it was before and is now, as what it is now."""
    hours: list[tuple[Key, Sums]] = []
    times: list[tuple[Key, Sums]] = []
    for (tenant, site, _), before, after in moved:
        for turn, sign in ((before, -1), (after, 1)):
            if turn is not None and turn.settled is not None:
                counted = _hours(turn, turn.settled)
                hours += [((tenant, site, *key), tuple(sign * number for number in sums)) for key, sums in counted]
                times += [((tenant, site, *key), (sign,)) for key in _times(turn, turn.settled)]
    await _move(connection, _HOURS, hours)
    await _move(connection, _TIMES, times)


async def _move(connection: AsyncConnection, added: Added, new: Iterable[tuple[Key, Sums]]) -> None:
    moved = await added.add(connection, new)
    # A row that nothing is left of would not be there in another order.
    await added.drop(connection, [key for key, sums in moved.items() if sums[0] <= 0], without="turns")


def _hours(turn: Turn, settled: Settled) -> Iterator[tuple[Key, Sums]]:
    took = settled.duration_ms if settled.answered else None
    timed = (0, 0) if took is None else (1, took)
    sums = (1, int(settled.answered), turn.votes, turn.ups, turn.downs, int(turn.votes > 0), *timed)
    hour = hour_of(settled.at)
    for part, value in _parts(turn):
        yield (hour, part, value), sums


def _times(turn: Turn, settled: Settled) -> Iterator[tuple[date | datetime | int | str, ...]]:
    if settled.answered and settled.duration_ms is not None:
        day, took = hour_of(settled.at).date(), rounded(settled.duration_ms)
        for part, value in _parts(turn):
            yield (day, part, value, took)


def _parts(turn: Turn) -> Iterator[tuple[int, str]]:
    yield int(Part.WHOLE), ""
    words = turn.words
    for part, place in _PLACE_OF.items():
        yield int(part), words[place][:MOST_CHARS]


_HOURS = Added(table=HOURS)
_TIMES = Added(table=TIMES)
