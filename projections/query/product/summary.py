"""Summary: how much is done in an app: by day, by name, by version and system, and by how many."""

from datetime import date

from msgspec import Struct
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from projections.query.asked import Asked

MOST_NAMES = 50
MOST_VALUES = 20


class Counted(Struct, frozen=True, kw_only=True):
    """How often there is a value, and of how many subjects."""

    value: str
    actions: int
    subjects: int


class DayOfActions(Struct, frozen=True, kw_only=True):
    """How much was done on a local day, and by how many subjects."""

    day: date
    actions: int
    subjects: int


class ActionSummary(Struct, frozen=True, kw_only=True):
    """What the actions of a period amount to; ``stays`` began in it, and subjects are those who are told apart."""

    actions: int
    subjects: int
    stays: int
    days: tuple[DayOfActions, ...]
    names: tuple[Counted, ...]
    versions: tuple[Counted, ...]
    systems: tuple[Counted, ...]


_FITTING = "tenant = :tenant AND site = :site AND occurred_at >= :since AND occurred_at < :until"
_COUNTS = "count(*) AS actions, count(DISTINCT nullif(subject, '')) AS subjects"
_TOTAL = text(f"SELECT {_COUNTS} FROM actions WHERE {_FITTING}")
_STAYS = text(
    "SELECT count(*) FROM stays WHERE tenant = :tenant AND site = :site AND opened_at >= :since AND opened_at < :until"
)
_DAYS = text(f"""
    SELECT (occurred_at AT TIME ZONE :zone)::date AS day, {_COUNTS} FROM actions WHERE {_FITTING} GROUP BY day ORDER BY day
""")
_BY = {
    column: text(f"""
        SELECT {column} AS value, {_COUNTS} FROM actions WHERE {_FITTING} AND {column} <> ''
        GROUP BY {column} ORDER BY actions DESC, value LIMIT :most
    """)
    for column in ("name", "version", "os")
}
_HAS_ACTIONS = text("SELECT EXISTS (SELECT FROM actions WHERE tenant = :tenant AND site = :site)")


async def has_actions(connection: AsyncConnection, tenant: str, site: str) -> bool:
    """Say whether anything was ever done in the app of *site*."""
    return bool(await connection.scalar(_HAS_ACTIONS, {"tenant": tenant, "site": site}))


async def summary(connection: AsyncConnection, question: Asked) -> ActionSummary:
    """Return what the actions of the period amount to, in the days of its time zone."""
    span = question.span
    asked = {"tenant": question.caller.tenant, "site": question.site, "since": span.since, "until": span.until}
    total = (await connection.execute(_TOTAL, asked)).one()
    days = await connection.execute(_DAYS, asked | {"zone": question.timezone})
    return ActionSummary(
        actions=total.actions,
        subjects=total.subjects,
        stays=int(await connection.scalar(_STAYS, asked) or 0),
        days=tuple(DayOfActions(day=row.day, actions=row.actions, subjects=row.subjects) for row in days),
        names=await _by(connection, "name", asked | {"most": MOST_NAMES}),
        versions=await _by(connection, "version", asked | {"most": MOST_VALUES}),
        systems=await _by(connection, "os", asked | {"most": MOST_VALUES}),
    )


async def _by(connection: AsyncConnection, column: str, asked: dict[str, object]) -> tuple[Counted, ...]:
    rows = await connection.execute(_BY[column], asked)
    return tuple(Counted(value=row.value, actions=row.actions, subjects=row.subjects) for row in rows)
