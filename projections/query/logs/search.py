"""The search: the lines that fit a question, and how many of them there are."""

from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from msgspec import Struct
from sqlalchemy import ColumnElement, func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from projections.query.logs.question import LogQuestion, of_site
from projections.read_models.log_counts import LOG_COUNTS
from projections.read_models.logs import LOGS

_HOUR = timedelta(hours=1)
_TICK = timedelta(microseconds=1)


class Line(Struct, frozen=True, kw_only=True):
    """One line, as it was stored."""

    site: str
    received_at: datetime
    event_id: str
    occurred_at: datetime
    kind: str
    name: str
    priority: str
    subject: str
    session: str
    app_version: str
    provider: str
    sequence: int | None
    device: dict[str, Any] | None
    props: dict[str, Any] | None
    key: str


_SHOWN = [LOGS.c[name] for name in Line.__struct_fields__]


async def search(connection: AsyncConnection, question: LogQuestion) -> list[Line]:
    """Return the lines that fit *question*, in its order, as many as it has room for."""
    fit = [*question.conditions(), *question.between()]
    query = select(*_SHOWN).where(*fit).order_by(*question.sorting()).limit(question.limit).offset(question.offset)
    return [Line(**row) for row in (await connection.execute(query)).mappings()]


async def count_lines(connection: AsyncConnection, question: LogQuestion) -> int:
    """Return how many lines fit *question*, whichever of them it has room for."""
    if question.is_about_sorts:
        return (await count_kinds(connection, question)).total()
    return (await _of_rows(connection, question, question.between())).total()


async def count_kinds(connection: AsyncConnection, question: LogQuestion) -> Counter[str]:
    """Return how many lines of each type fit *question*, which is about nothing but sorts of lines."""
    first = None if question.since is None else _hour(question.since + _HOUR - _TICK)
    last = None if question.until is None else _hour(question.until)
    if first is not None and last is not None and first >= last:
        return await _of_rows(connection, question, question.between())
    # Whole hours are counted already; only those that are cut are looked at.
    found = await _of_hours(connection, question, first, last)
    at = LOGS.c.received_at
    if first is not None and first != question.since:
        found += await _of_rows(connection, question, [at >= question.since, at < first])
    if last is not None:
        found += await _of_rows(connection, question, [at >= last, at <= question.until])
    return found


async def _of_rows(connection: AsyncConnection, question: LogQuestion, when: Sequence[ColumnElement[bool]]) -> Counter[str]:
    kind = LOGS.c.kind
    query = select(kind, func.count()).where(*question.conditions(), *when).group_by(kind)
    return Counter({name: int(lines) for name, lines in await connection.execute(query)})


async def _of_hours(
    connection: AsyncConnection, question: LogQuestion, first: datetime | None, last: datetime | None
) -> Counter[str]:
    columns = LOG_COUNTS.c
    said = [(columns.kind, question.kind), (columns.priority, question.priority)]
    fit = [*of_site(columns, question), *(column == value for column, value in said if value)]
    fit += [] if first is None else [columns.hour >= first]
    fit += [] if last is None else [columns.hour < last]
    query = select(columns.kind, func.sum(columns.lines)).where(*fit).group_by(columns.kind)
    return Counter({name: int(lines) for name, lines in await connection.execute(query)})


def _hour(at: datetime) -> datetime:
    return at.astimezone(UTC).replace(minute=0, second=0, microsecond=0)
