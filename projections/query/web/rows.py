"""Rows: the values of a dimension with their sums, a page of them or all, beside those of another period where that is asked.

The values that only the other period has come behind all others, the greatest first: so the rows that this one has are the
same, and in the same places, whether they are compared or not.
"""

from collections.abc import AsyncIterator, Sequence

from msgspec import Struct
from msgspec.structs import replace
from sqlalchemy.ext.asyncio import AsyncConnection

from projections.query.counts import ROWS_AT_A_TIME, ByValue, Counted, counts, counts_streamed
from projections.query.metrics import Sums
from projections.query.ordering import Order
from projections.query.periods import Span
from projections.query.question import WebQuestion
from projections.query.sums import Sum


class Rows(Struct, frozen=True, kw_only=True):
    """What rows are asked for."""

    question: WebQuestion
    cut: ByValue
    sums: tuple[Sum, ...]
    order: Order | None

    def without(self) -> dict[str, int]:
        """Return the sums of a value that is not there."""
        return {one.name: 0 for one in self.sums}


class Beside(Struct, frozen=True):
    """One value and its sums; ``other`` are those of the other period, None where none was asked for."""

    value: str
    sums: Sums
    other: Sums | None = None


async def rows_of(connection: AsyncConnection, asked: Rows) -> tuple[list[Beside], bool]:
    """Return the rows that the question's offset and limit choose, and whether there are more."""
    question, limit, offset = asked.question, asked.question.limit, asked.question.ordering.offset
    found = await counts(
        connection, question, question.span, asked.sums, asked.cut, largest=limit + 1, order=asked.order, offset=offset
    )
    other = question.asked_beside
    if other is None:
        return [Beside(row.key[0], row.sums) for row in found[:limit]], len(found) > limit
    rows = await _beside(connection, asked, other, found[:limit])
    if len(found) > limit:
        return rows, True
    present = [row.value for row in rows] if offset == 0 else await _values(connection, asked)
    wanted = limit + 1 - len(rows)
    left = await _only_there(connection, asked, other, present, largest=wanted, offset=max(0, offset - len(present)))
    return [*rows, *left][:limit], len(left) == wanted


async def all_rows_of(connection: AsyncConnection, asked: Rows) -> AsyncIterator[list[Beside]]:
    """Yield every row behind the question's offset, some at a time."""
    question, offset, other = asked.question, asked.question.ordering.offset, asked.question.asked_beside
    found = counts_streamed(connection, question, question.span, asked.sums, asked.cut, order=asked.order, offset=offset)
    if other is None:
        async for rows in found:
            yield [Beside(row.key[0], row.sums) for row in rows]
        return
    async for rows in found:
        yield await _beside(connection, asked, other, rows)
    present = await _values(connection, asked)
    seen = max(0, offset - len(present))
    while rest := await _only_there(connection, asked, other, present, largest=ROWS_AT_A_TIME, offset=seen):
        yield rest
        seen += len(rest)


async def _beside(connection: AsyncConnection, asked: Rows, other: Span, found: Sequence[Counted]) -> list[Beside]:
    if not found:
        return []
    values = tuple(row.key[0] for row in found)
    cut = replace(asked.cut, among=values)
    then = {row.key[0]: row.sums for row in await counts(connection, asked.question, other, asked.sums, cut)}
    return [Beside(row.key[0], row.sums, then.get(row.key[0], asked.without())) for row in found]


async def _values(connection: AsyncConnection, asked: Rows) -> list[str]:
    found = await counts(connection, asked.question, asked.question.span, asked.sums[:1], asked.cut)
    return [row.key[0] for row in found]


async def _only_there(
    connection: AsyncConnection, asked: Rows, other: Span, present: Sequence[str], *, largest: int, offset: int
) -> list[Beside]:
    cut = replace(asked.cut, without=tuple(present))
    found = await counts(connection, asked.question, other, asked.sums, cut, largest=largest, offset=offset)
    return [Beside(row.key[0], asked.without(), row.sums) for row in found]
