"""Actions: those that fit a question, one page of them and how many there are in all."""

from collections.abc import Sequence
from datetime import datetime
from enum import StrEnum
from typing import Any, Final

import msgspec
from msgspec import Struct
from sqlalchemy import ColumnElement, func, select, text
from sqlalchemy.ext.asyncio import AsyncConnection

from contracts.events import Scalar
from projections.read_models.actions import ACTIONS

_COLUMNS: Final = (
    *(ACTIONS.c.event_id, ACTIONS.c.name, ACTIONS.c.subject, ACTIONS.c.session, ACTIONS.c.device),
    *(ACTIONS.c.occurred_at, ACTIONS.c.received_at),
)


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
    return int(await connection.scalar(select(func.count()).select_from(ACTIONS).where(*_fitting(question))) or 0)


async def list_actions(connection: AsyncConnection, question: ActionQuestion) -> list[Action]:
    """Return the page of actions that is asked for; of equals the later one in the order of its id."""
    keys: Sequence[ColumnElement[Any]] = (ACTIONS.c[question.order], *_TIES[question.order])
    order = [key.desc() if question.is_descending else key.asc() for key in keys]
    query = select(*_COLUMNS, text("props::text AS said")).where(*_fitting(question)).order_by(*order)
    return [_action(row) for row in await connection.execute(query.limit(question.limit).offset(question.offset))]


# As the indexes have them, so that a page is read from one.
_TIES: Final = {
    ActionOrder.TIME: (ACTIONS.c.event_id,),
    ActionOrder.NAME: (ACTIONS.c.occurred_at, ACTIONS.c.event_id),
    ActionOrder.SUBJECT: (ACTIONS.c.occurred_at, ACTIONS.c.event_id),
}


def _fitting(question: ActionQuestion) -> list[ColumnElement[bool]]:
    columns = ACTIONS.c
    fitting = [columns.tenant == question.tenant, columns.site == question.site]
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
