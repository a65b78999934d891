"""vote_hours: the votes of each hour, added up, so that what is counted of votes needs no look at them."""

from collections.abc import Sequence
from datetime import timedelta
from decimal import Decimal

from sqlalchemy import BigInteger, Column, DateTime, Numeric, Table, Text
from sqlalchemy.ext.asyncio import AsyncConnection

from contracts.events.turns import VoteCast
from projections.read_models.added import Added, Key, Sums, hour_of
from projections.read_models.model import ReadModel, erase_rows
from projections.schema import TURNS
from projections.stream.item import Sequenced

_MICROSECOND = timedelta(microseconds=1)

# ``every`` counts votes without a value, too, and all others those with one. ``late_us`` and ``late_up_us`` are how long after
# the hour's beginning every vote came, and every one for its turn, together: what a vote weighs depends on its age.
# ``total`` is exact, since a sum of floats depends on their order.
TABLE = Table(
    "vote_hours",
    TURNS,
    Column("tenant", Text, primary_key=True),
    Column("site", Text, primary_key=True),
    Column("hour", DateTime(timezone=True), primary_key=True),
    Column("every", BigInteger, nullable=False),
    Column("votes", BigInteger, nullable=False),
    Column("ups", BigInteger, nullable=False),
    Column("downs", BigInteger, nullable=False),
    Column("total", Numeric, nullable=False),
    Column("comments", BigInteger, nullable=False),
    Column("comment_chars", BigInteger, nullable=False),
    Column("comments_up", BigInteger, nullable=False),
    Column("comments_down", BigInteger, nullable=False),
    Column("timed", BigInteger, nullable=False),
    Column("total_ms", Numeric, nullable=False),
    Column("late_us", BigInteger, nullable=False),
    Column("late_up_us", BigInteger, nullable=False),
)


async def upsert(connection: AsyncConnection, facts: Sequence[Sequenced[VoteCast]]) -> None:
    """Add *facts* to what was counted before."""
    await _ADDED.add(connection, ((key_of(fact.event), sums_of(fact.event)) for fact in facts))


async def erase_site(connection: AsyncConnection, tenant: str, site: str) -> int:
    """Delete every hour of *tenant*'s *site*, and return how many they were."""
    return await erase_rows(connection, TABLE, tenant, site)


def key_of(event: VoteCast) -> Key:
    """Return which hour *event* is counted in."""
    return (event.tenant, event.site, hour_of(event.occurred_at))


def sums_of(event: VoteCast) -> Sums:
    """Return what *event* adds, in the order of the columns behind the key."""
    value, late = event.value, (event.occurred_at - hour_of(event.occurred_at)) // _MICROSECOND
    timed = (1, event.duration_ms) if event.duration_ms else (0, 0)
    if value is None:
        return (1, 0, 0, 0, Decimal(0), 0, 0, 0, 0, *timed, late, 0)
    up, down, said = int(value > 0), int(value < 0), int(bool(event.comment))
    counted = (1, 1, up, down, Decimal(str(float(value))), said, len(event.comment), said * up, said * down)
    return (*counted, *timed, late, late * up)


_ADDED = Added(table=TABLE)
MODEL = ReadModel(name="vote_hours", tables=(TABLE,), facts=(VoteCast,), version=1, upsert=upsert, erase_site=erase_site)
