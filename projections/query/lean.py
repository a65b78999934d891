"""Lean: what is asked of the views ``hits`` and ``visits``, asked of their tables with those joins alone whose words it names.

Postgres leaves out of a view the joins that nobody asks for, and goes on to read the columns that they would have joined by, so
that no index alone can answer. Here they are never written.
"""

from collections.abc import Iterable
from typing import Any, Final, NamedTuple

from sqlalchemy import Alias, Column, ColumnElement, Date, FromClause, Select, Subquery, Table, cast, func, select
from sqlalchemy.sql.visitors import iterate, replacement_traverse

from projections.query.numbered import PLACES
from projections.read_models.dictionaries import SITE_IDS
from projections.read_models.hits import CODED_HITS, HITS
from projections.read_models.visits import CODED_VISITS, VISITS

_CODED: Final = {HITS: CODED_HITS, VISITS: CODED_VISITS}
# By which a row leads to the words of its site.
_OF_SITE: Final = frozenset({"tenant", "site"})


def lean(statement: Select[Any]) -> Select[Any]:
    """Return *statement* with the tables, and the joins it needs, in the place of each view."""
    named: dict[FromClause, set[str]] = {}
    for part in iterate(statement):
        if isinstance(part, Column) and _view_of(part.table) is not None:
            named.setdefault(part.table, set()).add(part.key)
        elif isinstance(part, Table | Alias) and _view_of(part) is not None:
            named.setdefault(part, set())
    if not named:
        return statement
    instead = {view: _joined(view, sorted(names)) for view, names in named.items()}

    def replaced(part: Any, **_: Any) -> Any:
        if isinstance(part, Column) and part.table in instead:
            return instead[part.table].c[part.key]
        return instead.get(part) if isinstance(part, Table | Alias) else None

    # Whatever may be traversed may be rewritten so; the types know of columns alone.
    rewritten: Select[Any] = replacement_traverse(statement, {}, replaced)  # type: ignore[call-overload]
    return rewritten


def _view_of(table: Any) -> Table | None:
    """Return which of the views *table* is, by itself or by another name."""
    view = table.element if isinstance(table, Alias) else table
    return view if isinstance(view, Table) and view in _CODED else None


class _Joins(NamedTuple):
    """The tables under a view, as far as they are joined, and what is joined by which column."""

    coded: FromClause
    by: dict[str, FromClause]

    def beside(self, table: Table, number: str) -> FromClause:
        """Return *table*, joined by the column *number*, once."""
        return self.by.setdefault(number, table.alias())


def _joined(view: FromClause, names: Iterable[str]) -> Subquery:
    root = _view_of(view)
    assert root is not None, "only views are asked for"  # noqa: S101  # as lean() has found them
    coded = _CODED[root].alias()
    joins = _Joins(coded, {})
    columns = [_column(root, joins, name).label(name) for name in names] or [coded.c.site.label("site_id")]
    together: FromClause = coded
    for number, table in joins.by.items():
        together = together.outerjoin(table, table.c.id == coded.c[number])
    return select(*columns).select_from(together).subquery(getattr(view, "name", root.name))


def _column(view: Table, joins: _Joins, name: str) -> ColumnElement[Any]:
    coded = joins.coded.c
    if name in _OF_SITE:
        return joins.beside(SITE_IDS, "site").c[name]
    if name in PLACES and (place := PLACES[name]).number in view.c:
        return func.coalesce(joins.beside(place.dictionary, place.number.removesuffix("_id")).c[place.word], "")
    if name.endswith("_id") and name.removesuffix("_id") in coded:
        return coded[name.removesuffix("_id")]
    if name == "day" and name not in coded:
        return cast(func.timezone("UTC", coded.occurred_at), Date)
    return func.coalesce(coded[name], "") if name == "currency" else coded[name]
