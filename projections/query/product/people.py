"""People: the subjects of a site that fit a question, one page of them and how many there are in all."""

from datetime import datetime
from enum import StrEnum
from typing import Any

import msgspec
from msgspec import Struct
from sqlalchemy import ColumnElement, func, select, text
from sqlalchemy.ext.asyncio import AsyncConnection

from contracts.events import Scalar
from projections.read_models.subjects import SUBJECTS


class PeopleOrder(StrEnum):
    """What a list of subjects may be in the order of."""

    FIRST_SEEN = "first_seen"
    LAST_SEEN = "last_seen"
    ACTIONS = "actions"
    STAYS = "stays"


class PeopleQuestion(Struct, frozen=True, kw_only=True):
    """Which subjects of a site are asked for: seen at *since* or later, and at *until* or earlier, with these traits."""

    tenant: str
    site: str
    subjects: tuple[str, ...] | None = None
    since: datetime | None = None
    until: datetime | None = None
    traits: dict[str, Scalar] = {}
    order: PeopleOrder = PeopleOrder.LAST_SEEN
    is_descending: bool = True
    limit: int = 100
    offset: int = 0


class Known(Struct, frozen=True, kw_only=True):
    """One subject as it is answered; a stay is a time without a gap of thirty minutes."""

    subject: str
    traits: dict[str, Scalar]
    first_seen: datetime
    last_seen: datetime
    actions: int
    stays: int


async def count_people(connection: AsyncConnection, question: PeopleQuestion) -> int:
    """Return how many subjects fit *question*, whatever page is asked for."""
    return int(await connection.scalar(select(func.count()).select_from(SUBJECTS).where(*_fitting(question))) or 0)


async def list_people(connection: AsyncConnection, question: PeopleQuestion) -> list[Known]:
    """Return the page of subjects that is asked for."""
    keys = (SUBJECTS.c[question.order], SUBJECTS.c.subject)
    order = [key.desc() if question.is_descending else key.asc() for key in keys]
    columns = [column for column in SUBJECTS.c if column.name not in ("traits", "told")]
    query = select(*columns, text("traits::text AS said")).where(*_fitting(question)).order_by(*order)
    return [_known(row) for row in await connection.execute(query.limit(question.limit).offset(question.offset))]


def _fitting(question: PeopleQuestion) -> list[ColumnElement[bool]]:
    columns = SUBJECTS.c
    fitting = [columns.tenant == question.tenant, columns.site == question.site]
    if question.subjects is not None:
        fitting.append(columns.subject.in_(question.subjects))
    if question.since is not None:
        fitting.append(columns.last_seen >= question.since)
    if question.until is not None:
        fitting.append(columns.first_seen <= question.until)
    if question.traits:
        fitting.append(columns.traits.contains(question.traits))
    return fitting


def _known(row: Any) -> Known:
    return Known(
        subject=row.subject,
        traits=msgspec.json.decode(row.said, type=dict[str, Scalar]),
        first_seen=row.first_seen,
        last_seen=row.last_seen,
        actions=row.actions,
        stays=row.stays,
    )
