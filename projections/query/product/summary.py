"""Summary: how much is done in an app: by day, by name, by version and system, and by how many."""

from collections import defaultdict
from datetime import date, datetime, timedelta
from typing import Any

from msgspec import Struct
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from projections.query.asked import Asked
from projections.query.periods import midnight
from projections.query.product.days import AT_ENDS, IN_DAYS, cut
from projections.read_models.telemetry import PERSON, What

_DAY, _HOUR = timedelta(days=1), timedelta(hours=1)
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


_STAYS = text(
    "SELECT count(*) FROM stays WHERE tenant = :tenant AND site = :site AND opened_at >= :since AND opened_at < :until"
)
# Local days are made of whole hours, in which it is counted already and known who was there; where a zone's midnight cuts an
# hour, its parts are looked at row by row.
_HOURS = "unnest(CAST(:hours_of AS date[]), CAST(:days AS date[]), CAST(:masks AS integer[])) AS hours (local, day, mask)"
_ON_DAYS = "tenant = :tenant AND site = :site AND held.day = hours.day AND held.day BETWEEN :earliest AND :latest"
_PARTS = """
    unnest(CAST(:parts_of AS date[]), CAST(:begins AS timestamptz[]), CAST(:ends AS timestamptz[]))
        AS parts (local, begins, ends)
    JOIN actions ON tenant = :tenant AND site = :site AND occurred_at >= begins AND occurred_at < ends
"""
_ACTIONS = text(f"""
    SELECT local, sum(hits)::bigint AS actions FROM (
        SELECT local, hits FROM {_HOURS} JOIN telemetry_counts AS held ON {_ON_DAYS}
        AND what = 'hour' AND (1 << value::integer) & mask <> 0
        UNION ALL SELECT local, 1 FROM {_PARTS}
    ) AS counted GROUP BY local
""")
_SUBJECTS = text(f"""
    WITH here AS MATERIALIZED (
        SELECT local, person FROM {_HOURS} JOIN telemetry_presences AS held ON {_ON_DAYS}
        AND held.hours & mask <> 0
        UNION SELECT local, {PERSON} FROM {_PARTS} WHERE subject <> ''
    )
    SELECT local, count(*) AS subjects FROM here GROUP BY local
    UNION ALL SELECT NULL, count(*) FROM (SELECT FROM here GROUP BY person) AS everybody
""")
_BY = {
    column: text(f"""
        SELECT value, actions, coalesce(subjects, 0) AS subjects FROM (
            SELECT value, sum(hits)::bigint AS actions FROM (
                SELECT value, hits FROM telemetry_counts WHERE {IN_DAYS} AND what = '{what}'
                UNION ALL SELECT {column}, count(*) FROM actions WHERE {AT_ENDS} GROUP BY {column}
            ) AS counted WHERE value <> '' GROUP BY value ORDER BY actions DESC, value LIMIT :most
        ) AS most LEFT JOIN (
            SELECT value, count(*) AS subjects FROM (
                SELECT unnest({listed}) AS value, person FROM telemetry_presences WHERE {IN_DAYS}
                UNION SELECT {column}, {PERSON} FROM actions WHERE {AT_ENDS} AND subject <> ''
            ) AS pairs GROUP BY value
        ) AS seen USING (value) ORDER BY actions DESC, value
    """)
    for column, what, listed in (
        ("name", What.EVENT, "names"),
        ("version", What.VERSION, "versions"),
        ("os", What.OS, "systems"),
    )
}
_HAS_ACTIONS = text("SELECT EXISTS (SELECT FROM actions WHERE tenant = :tenant AND site = :site)")


async def has_actions(connection: AsyncConnection, tenant: str, site: str) -> bool:
    """Say whether anything was ever done in the app of *site*."""
    return bool(await connection.scalar(_HAS_ACTIONS, {"tenant": tenant, "site": site}))


async def summary(connection: AsyncConnection, question: Asked) -> ActionSummary:
    """Return what the actions of the period amount to, in the days of its time zone."""
    span, whose = question.span, {"tenant": question.caller.tenant, "site": question.site}
    local = whose | in_hours(question)
    actions = {row.local: row.actions for row in await connection.execute(_ACTIONS, local)}
    subjects = {row.local: row.subjects for row in await connection.execute(_SUBJECTS, local)}
    within = whose | cut(span.since, span.until).values()
    return ActionSummary(
        actions=sum(actions.values()),
        subjects=subjects[None],
        stays=int(await connection.scalar(_STAYS, whose | {"since": span.since, "until": span.until}) or 0),
        days=tuple(DayOfActions(day=day, actions=done, subjects=subjects.get(day, 0)) for day, done in sorted(actions.items())),
        names=await _by(connection, "name", within | {"most": MOST_NAMES}),
        versions=await _by(connection, "version", within | {"most": MOST_VALUES}),
        systems=await _by(connection, "os", within | {"most": MOST_VALUES}),
    )


def in_hours(question: Asked) -> dict[str, Any]:
    """Return of which UTC hours, a bit for each of a UTC day, the local days are made, and of which parts of others."""
    hours: defaultdict[tuple[date, date], int] = defaultdict(int)
    parts: list[tuple[date, datetime, datetime]] = []
    for number in range(len(question.days)):
        local = question.days.first + number * _DAY
        since, until = midnight(local, question.zone), midnight(local + _DAY, question.zone)
        while since < until:
            hour = since.replace(minute=0, second=0, microsecond=0)
            end = min(hour + _HOUR, until)
            if end - since == _HOUR:
                hours[local, since.date()] |= 1 << since.hour
            else:
                parts.append((local, since, end))
            since = end
    return {
        "earliest": question.span.since.date(),
        "latest": question.span.until.date(),
        "hours_of": [local for local, _ in hours],
        "days": [day for _, day in hours],
        "masks": list(hours.values()),
        "parts_of": [local for local, _, _ in parts],
        "begins": [since for _, since, _ in parts],
        "ends": [until for _, _, until in parts],
    }


async def _by(connection: AsyncConnection, column: str, asked: dict[str, object]) -> tuple[Counted, ...]:
    rows = await connection.execute(_BY[column], asked)
    return tuple(Counted(value=row.value, actions=row.actions, subjects=row.subjects) for row in rows)
