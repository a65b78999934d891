"""LogQuestion: which lines somebody looks for, in which order, and how many of them at a time."""

from collections.abc import Mapping
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any, Final

from msgspec import Struct
from sqlalchemy import ColumnElement, Text, literal_column

from contracts.events import LogKind, Priority
from projections.query.caller import Caller
from projections.read_models.logs import CALLED, LOGS

# What may be asked for; "other" is what an earlier program reads a later one's word as, and nobody's to send.
KINDS: Final = tuple(kind.value for kind in LogKind if kind is not LogKind.OTHER)
PRIORITIES: Final = tuple(priority.value for priority in Priority if priority is not Priority.OTHER)
MOST_LINES: Final = 1000
# Hours are counted from what is asked, of which there are none behind the end of all calendars.
LAST_MOMENT: Final = datetime(9999, 12, 30, tzinfo=UTC)


class Order(StrEnum):
    """What lines are sorted by; among equals by when they were received."""

    ARRIVAL = "id"
    KEY = "event_id"
    OCCURRED = "timestamp"
    KIND = "event_type"
    NAME = "event_name"
    SUBJECT = "user_id"
    SESSION = "session_id"
    APP_VERSION = "app_version"
    PRIORITY = "priority"
    RECEIVED = "created_at"


_COLUMNS: Final[Mapping[Order, ColumnElement[Any]]] = {
    Order.ARRIVAL: LOGS.c.received_at,
    Order.KEY: literal_column(CALLED, Text),
    Order.OCCURRED: LOGS.c.occurred_at,
    Order.KIND: LOGS.c.kind,
    Order.NAME: LOGS.c.name,
    Order.SUBJECT: LOGS.c.subject,
    Order.SESSION: LOGS.c.session,
    Order.APP_VERSION: LOGS.c.app_version,
    Order.PRIORITY: LOGS.c.priority,
    Order.RECEIVED: LOGS.c.received_at,
}


class LogQuestion(Struct, frozen=True, kw_only=True):
    """Lines of ``site`` that fit everything that is said; an empty text says nothing.

    ``subjects`` and ``sessions`` are what may stand for the one who is meant (see query/subjects.py), None where nobody is.
    ``since`` and ``until``, both included, are about when lines were received. ``name`` is whole.
    """

    caller: Caller
    site: str
    kind: str = ""
    name: str = ""
    subjects: tuple[str, ...] | None = None
    sessions: tuple[str, ...] | None = None
    app_version: str = ""
    priority: str = ""
    provider: str = ""
    since: datetime | None = None
    until: datetime | None = None
    order: Order = Order.RECEIVED
    ascending: bool = False
    limit: int = 50
    offset: int = 0

    @property
    def is_about_sorts(self) -> bool:
        """Say whether it asks for nothing but sorts of lines, which are counted by the hour."""
        return not (self.name or self.app_version or self.provider) and self.subjects is None and self.sessions is None

    def conditions(self) -> list[ColumnElement[bool]]:
        """Return what lines have to fit, but for when they were received."""
        columns = LOGS.c
        said = [
            (columns.kind, self.kind),
            (columns.name, self.name),
            (columns.app_version, self.app_version),
            (columns.priority, self.priority),
            (columns.provider, self.provider),
        ]
        fit = [*of_site(columns, self), *(one == value for one, value in said if value)]
        for column, alternatives in ((columns.subject, self.subjects), (columns.session, self.sessions)):
            if alternatives is not None:
                fit.append(column.in_(alternatives))
        return fit

    def between(self) -> list[ColumnElement[bool]]:
        """Return when lines have to have been received."""
        at = LOGS.c.received_at
        since = [] if self.since is None else [at >= self.since]
        return since if self.until is None else [*since, at <= self.until]

    @property
    def is_sorted_by_what_it_does_not_ask(self) -> bool:
        """Say whether something is asked for, and in an order that no index of what is asked for has."""
        is_narrowed = len(self.conditions()) > len(of_site(LOGS.c, self)) or bool(self.between())
        return is_narrowed and self.sorted_by()[0] is not LOGS.c.received_at

    def sorted_by(self) -> list[ColumnElement[Any]]:
        """Return the columns by which no two lines are equal, the one that is asked for first."""
        return list(dict.fromkeys((_COLUMNS[self.order], LOGS.c.received_at, LOGS.c.event_id)))

    def sorting(self) -> list[ColumnElement[Any]]:
        """Return what the lines are sorted by, so that no two are equal."""
        return [column.asc() if self.ascending else column.desc() for column in self.sorted_by()]


def of_site(columns: Any, question: LogQuestion) -> list[ColumnElement[bool]]:
    """Return what makes rows with *columns* those of the site that *question* is about."""
    return [columns.tenant == question.caller.tenant, columns.site == question.site]
