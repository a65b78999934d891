"""The answers about programs that ran: the last ones, those that are under way, and the best and worst of the ends."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, Final

from msgspec import Struct
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

ACTIVE_FOR = timedelta(minutes=10)
MOST_RECENT: Final = 100
MOST_RANKED: Final = 20


class Recent(Struct, frozen=True, kw_only=True):
    """One session; ``exit_code`` is None where none was told."""

    session: str
    subject: str
    started_at: datetime
    last_at: datetime
    is_completed: bool
    exit_code: int | None
    duration_ms: int
    is_interactive: bool


class Ranked(Struct, frozen=True, kw_only=True):
    """One end of a program."""

    subject: str
    ended_at: datetime
    duration_ms: int
    is_interactive: bool
    exit_code: int
    output: str


_MINE = "tenant = :tenant AND site = :site"
_ACTIVE = text(f"SELECT count(*) FROM runs WHERE {_MINE} AND fact = '' AND last_at >= :since AND ended_at IS NULL")
_RECENT = text(f"""
    SELECT session, subject, started_at, last_at, ended_at IS NOT NULL AS is_completed, exit_code, duration_ms, is_interactive
    FROM runs WHERE {_MINE} AND fact = '' AND last_at >= :since AND last_at < :until
    ORDER BY last_at DESC, subject, session LIMIT {MOST_RECENT}
""")
_RANKED = """
    SELECT subject, ended_at, duration_ms, is_interactive, exit_code, output
    FROM runs WHERE tenant = :tenant AND site = :site AND exit_code = :exit_code AND ended_at >= :since AND ended_at < :until
    ORDER BY {order}, ended_at, subject, session LIMIT 20
"""
# Who typed something and stayed long did best; who typed nothing and left at once, worst.
_BEST = text(_RANKED.format(order="is_interactive DESC, duration_ms DESC"))
_WORST = text(_RANKED.format(order="is_interactive, duration_ms"))


async def active_sessions(connection: AsyncConnection, asked: Mapping[str, Any], now: datetime) -> int:
    """Return how many sessions did something in the last ten minutes and have not come to an end."""
    return int(await connection.scalar(_ACTIVE, {**asked, "since": now - ACTIVE_FOR}) or 0)


async def recent_sessions(connection: AsyncConnection, span: Mapping[str, Any]) -> tuple[Recent, ...]:
    """Return the last hundred sessions of *span*, the newest first."""
    return tuple(Recent(**row) for row in (await connection.execute(_RECENT, span)).mappings())


async def ranked(connection: AsyncConnection, span: Mapping[str, Any], exit_code: int) -> tuple[Ranked, ...]:
    """Return the first twenty ends with *exit_code*: of successes the best first, of others the worst."""
    rows = await connection.execute(_WORST if exit_code else _BEST, {**span, "exit_code": exit_code})
    return tuple(Ranked(**row) for row in rows.mappings())
