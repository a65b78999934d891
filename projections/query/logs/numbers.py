"""The numbers of logs: how many lines there are, how many came lately, of which types, and how many sessions are active."""

from datetime import datetime, timedelta

from msgspec import Struct
from msgspec.structs import replace
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from projections.query.logs.question import LogQuestion, of_site
from projections.query.logs.search import count_kinds, count_lines
from projections.read_models.logs import LOGS

ACTIVE = timedelta(minutes=30)


class KindCount(Struct, frozen=True, kw_only=True):
    """A type of lines, and how many of it were received in the last day."""

    kind: str
    lines: int


class LogNumbers(Struct, frozen=True, kw_only=True):
    """Lines in all, of the last hour and the last 24; the sessions of the last 30 minutes; the types of the last day."""

    total: int
    last_hour: int
    last_day: int
    active_sessions: int
    kinds: list[KindCount]


async def numbers(connection: AsyncConnection, question: LogQuestion, now: datetime) -> LogNumbers:
    """Answer how things stand *now* at the site of *question*, which asks for nothing else."""
    day = replace(question, since=now - timedelta(days=1), until=now)
    by_kind = await count_kinds(connection, day)
    return LogNumbers(
        total=await count_lines(connection, question),
        last_hour=await count_lines(connection, replace(day, since=now - timedelta(hours=1))),
        last_day=by_kind.total(),
        active_sessions=await _active_sessions(connection, question, now),
        kinds=[KindCount(kind=kind, lines=lines) for kind, lines in sorted(by_kind.items(), key=lambda one: (-one[1], one[0]))],
    )


async def _active_sessions(connection: AsyncConnection, question: LogQuestion, now: datetime) -> int:
    columns = LOGS.c
    lately = [columns.received_at >= now - ACTIVE, columns.received_at <= now, columns.session != ""]
    # Distinct by grouping, which hashes; counting distinct values sorts them.
    each = select(columns.session).where(*of_site(columns, question), *lately).group_by(columns.session).subquery()
    return int(await connection.scalar(select(func.count()).select_from(each)) or 0)
