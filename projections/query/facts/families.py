"""FAMILIES: of each family of facts the table that has a row of every one, and which of its columns come out."""

from collections.abc import Mapping
from enum import IntEnum
from typing import Any, Final

from msgspec import Struct
from sqlalchemy import Column, ColumnElement, Table

from projections import projections
from projections.projector.projection import Projection
from projections.read_models.actions import ACTIONS
from projections.read_models.hits import HITS
from projections.read_models.hits import Kind as HitKind
from projections.read_models.logs import LOGS
from projections.read_models.turn_facts import TABLE as TURN_FACTS
from projections.read_models.turn_facts import Kind as TurnKind
from projections.schema import NUMBERS

# Known to nobody outside: the tenant stands in the credential, and a visitor's id is never told.
_NEVER: Final = frozenset({"tenant", "visitor", *NUMBERS})


class Family(Struct, frozen=True, kw_only=True):
    """One family: its facts stand in ``table``, in the order of ``moment`` and their ids.

    ``people`` are the columns that say who somebody is, or what they said; ``kinds`` are what the numbers of its kinds mean.
    """

    name: str
    projection: Projection
    table: Table
    people: frozenset[str] = frozenset()
    kinds: type[IntEnum] | None = None
    moment: str = "occurred_at"

    @property
    def at(self) -> ColumnElement[Any]:
        """Return the column by which facts are found and ordered."""
        return self.table.c[self.moment]

    def columns(self, *, with_people: bool) -> list[Column[Any]]:
        """Return the columns that come out: when and which first, then in the order of the table."""
        first = (self.moment, "event_id")
        kept = [
            column
            for column in self.table.columns
            if column.name not in _NEVER and (with_people or column.name not in self.people)
        ]
        return sorted(kept, key=lambda column: first.index(column.name) if column.name in first else len(first))

    def row(self, values: Mapping[str, Any]) -> dict[str, Any]:
        """Return a row of the table as it is told: the id by its plain name, the kind in a word."""
        told = {_told(name): value for name, value in values.items()}
        if self.kinds is not None:
            told["kind"] = self.kinds(told["kind"]).name.lower()
        return told


def _told(name: str) -> str:
    return "id" if name == "event_id" else name


def names_of(columns: list[Column[Any]]) -> list[str]:
    """Return what *columns* are called outside."""
    return [_told(column.name) for column in columns]


FAMILIES: Final = {
    family.name: family
    for family in (
        Family(name="web", projection=projections.WEB, table=HITS, kinds=HitKind),
        Family(
            name="turns",
            projection=projections.TURNS,
            table=TURN_FACTS,
            people=frozenset({"subject", "session", "prompt", "response", "comment"}),
            kinds=TurnKind,
        ),
        Family(
            name="product",
            projection=projections.PRODUCT,
            table=ACTIONS,
            people=frozenset({"subject", "device", "session"}),
        ),
        # By receipt, as lines are searched: an app that was offline reports what happened long ago.
        Family(
            name="logs",
            projection=projections.LOGS,
            table=LOGS,
            people=frozenset({"subject", "session", "device"}),
            moment="received_at",
        ),
    )
}
