"""Fresh: which UTC days of a site can be answered from rollups; ask it first, and in the transaction that reads the rows.

That transaction has to see one moment (REPEATABLE READ), as every one of the query side does: a day that is fresh in it has
all its rows in it, of one computation. What is promised:

- A day that is in ``fresh`` has in ``slots``, ``day_visits`` and ``day_hits`` exactly what its hits and visits add up to, of
  humans and of robots apart, but for the dimensions that ``many`` names: of these there is no row, not even of some values.
- A day that is in ``dirty`` has to be answered from rows: its rollups are of before, half there or missing.
- A day that is in neither has no fact at all.
- The open day is in none but ``dirty``: it is computed once it is over. Nothing but the mark says so: no clock is asked here.
"""

from datetime import date
from typing import Any

from msgspec import Struct
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from projections.query.dimensions import Dimension
from projections.read_models.rollups.marking import State
from projections.read_models.rollups.numbering import NUMBERS, SHAPE


class Days(Struct, frozen=True, kw_only=True):
    """The days of a site that have facts: the ``fresh`` ones, each with the dimensions it has too many values of, and others.

    ``site`` is the number that its rows bear, None where it has never had a fact.
    """

    site: int | None
    fresh: dict[date, frozenset[int]]
    dirty: frozenset[date]

    def has(self, dimension: Dimension, day: date) -> bool:
        """Say whether *day*, which is fresh, has rows of *dimension*; a dimension without a number never has."""
        number = NUMBERS.get(dimension.name)
        return number is not None and number not in self.fresh[day]


_MARKS = text(f"""
    SELECT site_ids.id AS site, day, state = {State.FRESH} AND shape = {SHAPE} AS is_fresh, many
    FROM site_ids LEFT JOIN site_days ON site_days.site = site_ids.id AND day BETWEEN :first AND :last
    WHERE (site_ids.tenant, site_ids.site) = (:tenant, :site) ORDER BY day
""")


async def fresh_days(connection: AsyncConnection, tenant: str, site: str, first: date, last: date) -> Days:
    """Return which of the UTC days from *first* to *last* of *tenant*'s *site* can be answered from rollups."""
    asked: dict[str, Any] = {"tenant": tenant, "site": site, "first": first, "last": last}
    rows = (await connection.execute(_MARKS, asked)).all()
    return Days(
        site=rows[0].site if rows else None,
        fresh={row.day: frozenset(row.many) for row in rows if row.is_fresh},
        dirty=frozenset(row.day for row in rows if row.day is not None and not row.is_fresh),
    )
