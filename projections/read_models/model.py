"""ReadModel: what a table, its fold and its upsert have to be so that everything else can loop over them."""

from collections.abc import Awaitable, Callable, Sequence
from datetime import date
from typing import Any

from msgspec import Struct
from sqlalchemy import Table
from sqlalchemy.ext.asyncio import AsyncConnection

from projections.stream.item import Sequenced


def partition_name(table: Table, day: date) -> str:
    """Return the name of the partition of *table* that holds the month of *day*."""
    return f"{table.name}_{day.year}_{day.month:02}"


class ReadModel(Struct, frozen=True, kw_only=True):
    """A table partitioned by month, and how facts get into it.

    ``project`` folds facts that were never applied before and upserts the outcome, inside the connection's transaction; in
    any order and any batching, the same facts leave the same rows. ``day_of`` is a day in the month that the fact's row is in.
    """

    table: Table
    project: Callable[[AsyncConnection, Sequence[Sequenced[Any]]], Awaitable[None]]
    day_of: Callable[[Any], date]
