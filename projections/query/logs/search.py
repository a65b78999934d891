"""The search: the lines that fit a question, and how many of them there are."""

from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from msgspec import Struct
from msgspec.structs import replace
from sqlalchemy import ColumnElement, FromClause, and_, func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from projections.query.logs.question import LogQuestion, of_site
from projections.read_models.log_counts import LOG_COUNTS
from projections.read_models.logs import LOGS

_HOUR = timedelta(hours=1)
_TICK = timedelta(microseconds=1)
# So many lines are read and put in order in less time than it takes to pass over an index of a million.
FEW = 100_000


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
    return await _shown(connection, question, _keys_of(question))


async def page_of(connection: AsyncConnection, question: LogQuestion, total: int) -> list[Line]:
    """Return what search() does, where *total* lines fit in all: a late page is found from the end, which is nearer."""
    lines = max(min(question.limit, total - question.offset), 0)
    from_the_end = total - question.offset - lines
    if not lines:
        return []
    is_late = from_the_end < question.offset
    turned = replace(question, ascending=not question.ascending, limit=lines, offset=from_the_end) if is_late else question
    # Those that fit may all be at the far end of the order, which no planner knows: a few are sooner put in order by ourselves.
    keys = _few_keys_of(turned) if total <= FEW and turned.is_sorted_by_what_it_does_not_ask else _keys_of(turned)
    found = await _shown(connection, turned, keys)
    return found[::-1] if is_late else found


def _keys_of(question: LogQuestion) -> FromClause:
    """Return which lines are on the page; an index tells them, and what is passed over on the way is never read."""
    keys = select(LOGS.c.received_at, LOGS.c.event_id).where(*question.conditions(), *question.between())
    return keys.order_by(*question.sorting()).limit(question.limit).offset(question.offset).subquery()


def _few_keys_of(question: LogQuestion) -> FromClause:
    """Return the same, found by looking at every line that fits."""
    by = [column.label(f"by_{number}") for number, column in enumerate(question.sorted_by())]
    fitting = select(LOGS.c.received_at, LOGS.c.event_id, *by).where(*question.conditions(), *question.between())
    fit = fitting.cte("fit").prefix_with("MATERIALIZED")
    order = [column.asc() if question.ascending else column.desc() for column in list(fit.c)[-len(by) :]]
    keys = select(fit.c.received_at, fit.c.event_id).order_by(*order)
    return keys.limit(question.limit).offset(question.offset).subquery()


async def _shown(connection: AsyncConnection, question: LogQuestion, page: FromClause) -> list[Line]:
    are_they = and_(LOGS.c.received_at == page.c.received_at, LOGS.c.event_id == page.c.event_id)
    query = select(*_SHOWN).join(page, are_they).where(*of_site(LOGS.c, question)).order_by(*question.sorting())
    return [Line(**row) for row in (await connection.execute(query)).mappings()]


async def count_lines(connection: AsyncConnection, question: LogQuestion) -> int:
    """Return how many lines fit *question*, whichever of them it has room for."""
    if question.is_about_sorts:
        return (await count_kinds(connection, question)).total()
    fit = [*question.conditions(), *question.between()]
    # Nothing but their number, which an index alone has of most questions.
    return int(await connection.scalar(select(func.count()).select_from(LOGS).where(*fit)) or 0)


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
