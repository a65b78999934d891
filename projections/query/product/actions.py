"""Actions: those that fit a question, one page of them and how many there are in all."""

from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, Final

import msgspec
from msgspec import Struct, structs
from sqlalchemy import CTE, ColumnElement, FromClause, Select, Text, and_, cast, func, select, text, true
from sqlalchemy.ext.asyncio import AsyncConnection

from contracts.events import Scalar
from projections.query.product.days import AT_ENDS, IN_DAYS, cut
from projections.read_models.actions import ACTIONS

_TICK: Final = timedelta(microseconds=1)
# So many are read and put in order in less time than it takes to pass over an index of a million.
FEW: Final = 100_000
_COLUMNS: Final = (
    *(ACTIONS.c.event_id, ACTIONS.c.name, ACTIONS.c.subject, ACTIONS.c.session, ACTIONS.c.device),
    *(ACTIONS.c.occurred_at, ACTIONS.c.received_at),
)
_PROPS: Final = cast(ACTIONS.c.props, Text).label("said")
# Where more of the newest have the properties that are asked for, too many have them to be put in order by ourselves.
_NEWEST: Final = 2000
_FEW_OF_THE_NEWEST: Final = 100


class ActionOrder(StrEnum):
    """What a list of actions may be in the order of."""

    TIME = "occurred_at"
    NAME = "name"
    SUBJECT = "subject"


class ActionQuestion(Struct, frozen=True, kw_only=True):
    """Which actions of a site are asked for; ``subjects`` are all forms in which one person may stand there, None for anybody.

    ``since`` and ``until`` are both included. ``props`` hold by equality, what is nested by its path.
    """

    tenant: str
    site: str
    names: tuple[str, ...] = ()
    subjects: tuple[str, ...] | None = None
    since: datetime | None = None
    until: datetime | None = None
    props: dict[str, Scalar] = {}
    order: ActionOrder = ActionOrder.TIME
    is_descending: bool = True
    limit: int = 100
    offset: int = 0

    @property
    def has_its_order_in_an_index(self) -> bool:
        """Say whether one index has what is asked for in the order that is asked for."""
        if self.subjects is not None or self.props:
            return False
        is_open = not self.names and self.since is None and self.until is None
        return is_open or self.order is ActionOrder.NAME or (self.order is ActionOrder.TIME and len(self.names) <= 1)


class Action(Struct, frozen=True, kw_only=True):
    """One action as it is answered."""

    id: str
    name: str
    subject: str
    session: str
    device: str
    occurred_at: datetime
    received_at: datetime
    props: dict[str, Scalar]


async def count_actions(connection: AsyncConnection, question: ActionQuestion) -> int:
    """Return how many actions fit *question*, whatever page is asked for."""
    if question.subjects is None and not question.props:
        return await _count_by_days(connection, question)
    return int(await connection.scalar(select(func.count()).select_from(ACTIONS).where(*_fitting(question))) or 0)


async def list_actions(connection: AsyncConnection, question: ActionQuestion) -> list[Action]:
    """Return the page of actions that is asked for; of equals the later one in the order of its id."""
    return await _shown(connection, question, _keys_of(question))


async def find_actions(connection: AsyncConnection, question: ActionQuestion) -> tuple[int, list[Action]]:
    """Return how many actions fit *question* in all, and the page of them that is asked for."""
    if question.props and await _are_few(connection, question):
        return await _counted_and_shown(connection, question)
    total = await count_actions(connection, question)
    return total, await page_of(connection, question, total)


async def page_of(connection: AsyncConnection, question: ActionQuestion, total: int) -> list[Action]:
    """Return what list_actions() does, where *total* fit in all: a late page is found from the end, which is nearer."""
    actions = max(min(question.limit, total - question.offset), 0)
    from_the_end = total - question.offset - actions
    if not actions:
        return []
    is_late, turned = from_the_end < question.offset, question
    if is_late:
        turned = structs.replace(question, is_descending=not question.is_descending, limit=actions, offset=from_the_end)
    # Those that fit may all be at the far end of the order, which no planner knows: a few are sooner put in order by ourselves.
    keys = _few_keys_of(turned) if total <= FEW and not question.has_its_order_in_an_index else _keys_of(turned)
    found = await _shown(connection, turned, keys)
    return found[::-1] if is_late else found


def _keys_of(question: ActionQuestion) -> FromClause:
    """Return which actions are on the page; an index tells them, and what is passed over on the way is never read."""
    keys = select(ACTIONS.c.occurred_at, ACTIONS.c.event_id).where(*_fitting(question))
    keys = keys.order_by(*_order(question, ACTIONS.c))
    return keys.limit(question.limit).offset(question.offset).subquery()


def _few_keys_of(question: ActionQuestion) -> FromClause:
    """Return the same, found by looking at every action that fits."""
    return _first_of(question, _fit(question)).subquery()


def _fit(question: ActionQuestion) -> CTE:
    """Return every action that fits, found once, by what puts them in order."""
    columns = (ACTIONS.c[name] for name in dict.fromkeys((question.order.value, "occurred_at", "event_id")))
    return select(*columns).where(*_fitting(question)).cte("fit").prefix_with("MATERIALIZED")


def _first_of(question: ActionQuestion, fit: CTE) -> Select[Any]:
    keys = select(fit.c.occurred_at, fit.c.event_id).order_by(*_order(question, fit.c))
    return keys.limit(question.limit).offset(question.offset)


async def _are_few(connection: AsyncConnection, question: ActionQuestion) -> bool:
    """Say whether few of the newest actions have the properties that are asked for."""
    newest = select(ACTIONS.c.props).where(*_of_site(question)).order_by(ACTIONS.c.occurred_at.desc()).limit(_NEWEST).subquery()
    fitting = select(func.count()).select_from(newest).where(newest.c.props.contains(question.props))
    return int(await connection.scalar(fitting) or 0) <= _FEW_OF_THE_NEWEST


async def _counted_and_shown(connection: AsyncConnection, question: ActionQuestion) -> tuple[int, list[Action]]:
    """Return what find_actions() does by one look at every action, which no index of properties spares.

    Postgres takes none for a reader: whether a document holds another is asked only behind the wall between tenants.
    """
    fit = _fit(question)
    page = _first_of(question, fit).subquery()
    whole = select(func.count().label("total")).select_from(fit).subquery()
    are_they = and_(ACTIONS.c.occurred_at == page.c.occurred_at, ACTIONS.c.event_id == page.c.event_id, *_of_site(question))
    found = select(whole.c.total, *_COLUMNS, _PROPS).select_from(
        whole.outerjoin(page, true()).outerjoin(ACTIONS, are_they),
    )
    rows = (await connection.execute(found.order_by(*_order(question, ACTIONS.c)))).all()
    return rows[0].total, [_action(row) for row in rows if row.event_id is not None]


async def _shown(connection: AsyncConnection, question: ActionQuestion, page: FromClause) -> list[Action]:
    are_they = and_(ACTIONS.c.occurred_at == page.c.occurred_at, ACTIONS.c.event_id == page.c.event_id)
    query = select(*_COLUMNS, _PROPS).join(page, are_they).where(*_of_site(question))
    return [_action(row) for row in await connection.execute(query.order_by(*_order(question, ACTIONS.c)))]


_COUNT_BY_DAYS = """
    SELECT coalesce((SELECT sum(hits) FROM telemetry_counts WHERE {in_days} AND what = 'event' {of_values}), 0)::bigint
         + (SELECT count(*) FROM actions WHERE {at_ends} {of_names})
"""
_COUNT = {
    is_named: text(
        _COUNT_BY_DAYS.format(
            in_days=IN_DAYS,
            at_ends=AT_ENDS,
            of_values="AND value = ANY(:names)" if is_named else "",
            of_names="AND name = ANY(:names)" if is_named else "",
        )
    )
    for is_named in (False, True)
}


async def _count_by_days(connection: AsyncConnection, question: ActionQuestion) -> int:
    until = None if question.until is None else question.until + _TICK
    asked = {"tenant": question.tenant, "site": question.site, **cut(question.since, until).values()}
    named = {"names": list(question.names)} if question.names else {}
    return int(await connection.scalar(_COUNT[bool(question.names)], asked | named) or 0)


def _order(question: ActionQuestion, columns: Any) -> list[ColumnElement[Any]]:
    keys = [columns[name] for name in (question.order.value, *_TIES[question.order])]
    return [key.desc() if question.is_descending else key.asc() for key in keys]


# As the indexes have them, so that a page is read from one.
_TIES: Final = {
    ActionOrder.TIME: ("event_id",),
    ActionOrder.NAME: ("occurred_at", "event_id"),
    ActionOrder.SUBJECT: ("occurred_at", "event_id"),
}


def _of_site(question: ActionQuestion) -> list[ColumnElement[bool]]:
    return [ACTIONS.c.tenant == question.tenant, ACTIONS.c.site == question.site]


def _fitting(question: ActionQuestion) -> list[ColumnElement[bool]]:
    columns, fitting = ACTIONS.c, _of_site(question)
    if question.names:
        fitting.append(columns.name.in_(question.names))
    if question.subjects is not None:
        fitting.append(columns.subject.in_(question.subjects))
    if question.since is not None:
        fitting.append(columns.occurred_at >= question.since)
    if question.until is not None:
        fitting.append(columns.occurred_at <= question.until)
    if question.props:
        fitting.append(columns.props.contains(question.props))
    return fitting


def _action(row: Any) -> Action:
    return Action(
        id=row.event_id,
        name=row.name,
        subject=row.subject,
        session=row.session,
        device=row.device,
        occurred_at=row.occurred_at,
        received_at=row.received_at,
        props=msgspec.json.decode(row.said, type=dict[str, Scalar]),
    )
