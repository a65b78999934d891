"""hits: one row per fact, written once."""

from collections.abc import Iterable, Sequence
from datetime import UTC
from decimal import Decimal
from enum import IntEnum
from typing import Any, TypeAlias

import msgspec
from sqlalchemy.ext.asyncio import AsyncConnection

from contracts.events import EngagementMeasured, EventRecorded, PageViewed, WebEvent
from projections.database import copy_rows
from projections.read_models import description
from projections.read_models.description import describe
from projections.read_models.model import ReadModel
from projections.read_models.tables import HITS
from projections.stream.item import Sequenced

Row: TypeAlias = tuple[Any, ...]


class Kind(IntEnum):
    """What a row is a fact of."""

    PAGEVIEW = 1
    EVENT = 2
    ENGAGEMENT = 3


COLUMNS = (
    *("tenant", "site", "occurred_at", "event_id", "seq", "received_at", "day", "visitor"),
    *("bot", "bot_rule", "bot_name", "hostname", "path", "batch"),
    *description.COLUMNS,
    *("kind", "name", "props", "interactive", "engaged_ms", "scroll_percent", "revenue", "currency"),
)


def fold(facts: Iterable[Sequenced[WebEvent]]) -> list[Row]:
    """Return the row of each fact, in the order of COLUMNS."""
    return [_envelope(fact.seq, fact.event) + describe(fact.event) + _particulars(fact.event) for fact in facts]


async def project(connection: AsyncConnection, facts: Sequence[Sequenced[WebEvent]]) -> None:
    """Write the rows of *facts*."""
    await copy_rows(connection, HITS, COLUMNS, fold(facts))


MODEL = ReadModel(table=HITS, project=project, day_of=lambda event: event.occurred_at.astimezone(UTC).date())


def _envelope(seq: int, event: WebEvent) -> Row:
    page = event.page
    return (
        event.tenant,
        event.site,
        event.occurred_at,
        event.id,
        seq,
        event.received_at,
        event.salt_day,
        bytes.fromhex(event.visitor),
        event.bot is not None,
        event.bot or "",
        event.bot_name,
        page.hostname,
        page.path,
        event.batch or "",
    )


def _particulars(event: WebEvent) -> Row:
    match event:
        case PageViewed():
            return (Kind.PAGEVIEW, "", None, False, 0, 0, None, "")
        case EventRecorded(name=name, props=props, interactive=interactive, revenue=revenue):
            written = msgspec.json.encode(props).decode() if props else None
            amount, currency = (Decimal(revenue.amount), revenue.currency) if revenue else (None, "")
            return (Kind.EVENT, name, written, interactive, 0, 0, amount, currency)
        case EngagementMeasured(engaged_ms=engaged_ms, scroll_percent=scroll_percent):
            return (Kind.ENGAGEMENT, "", None, False, engaged_ms, scroll_percent, None, "")
