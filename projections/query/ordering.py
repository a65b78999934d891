"""Ordering: by which column and from which end the rows of a breakdown come, and how many are left out before the first."""

from collections.abc import Sequence
from enum import StrEnum
from typing import Any, Final

from msgspec import Struct
from sqlalchemy import ColumnElement, Numeric, Select, cast, collate, func

from projections.query.metrics import CONVERSION_RATE, METRICS, TOTAL_EVENTS

MAX_OFFSET: Final = 10_000_000
VALUE: Final = "value"
VISITORS: Final = "visitors"
SORTS: Final[tuple[str, ...]] = tuple(
    dict.fromkeys((VALUE, VISITORS, *(one.name for one in (*METRICS, TOTAL_EVENTS, CONVERSION_RATE))))
)


class Direction(StrEnum):
    """Which end comes first."""

    DESCENDING = "desc"
    ASCENDING = "asc"


class Ordering(Struct, frozen=True, kw_only=True):
    """Rows by the column ``sort``, the first ``offset`` of them left out."""

    sort: str = VISITORS
    direction: Direction = Direction.DESCENDING
    offset: int = 0

    @property
    def is_usual(self) -> bool:
        """Say whether it is that of a breakdown where nobody asks for another."""
        return self.sort == VISITORS and self.direction is Direction.DESCENDING


def usual_direction(sort: str) -> Direction:
    """Return which end of the column *sort* comes first unless somebody asks for the other."""
    return Direction.ASCENDING if sort == VALUE else Direction.DESCENDING


class Order(Struct, frozen=True, kw_only=True):
    """What rows are ordered by: one sum, one sum divided by another, or, without sums, what they are cut by.

    Rows without a number come last, whichever end is first; ties are in the order of what rows are cut by.
    """

    sums: tuple[str, ...]
    direction: Direction

    def of(self, query: Select[Any], cuts: int) -> Select[Any]:
        """Return *query*, whose first columns are what its rows are cut by, in this order."""
        columns = query.selected_columns
        keys = [collate(columns[f"cut_{number}"], "C") for number in range(cuts)]
        if not self.sums:
            return query.order_by(*(key.asc() if self.direction is Direction.ASCENDING else key.desc() for key in keys))
        number = self._number([columns[name] for name in self.sums])
        ordered = number.asc() if self.direction is Direction.ASCENDING else number.desc()
        return query.order_by(ordered.nulls_last(), *keys)

    def _number(self, sums: Sequence[ColumnElement[Any]]) -> ColumnElement[Any]:
        if len(sums) == 1:
            return sums[0]
        return cast(sums[0], Numeric) / func.nullif(sums[1], 0)
