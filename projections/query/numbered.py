"""Numbered: what a filter asks of words, asked of the numbers that stand for them in the big tables.

A dictionary has some thousand values of a site where the tables have millions of rows, so the words are looked through once,
there, and the rows by number.
"""

from collections.abc import Callable, Mapping, Sequence
from types import SimpleNamespace
from typing import Any, Final, NamedTuple, TypeAlias

from sqlalchemy import ColumnElement, Integer, Select, Table, any_, func, or_, select
from sqlalchemy.dialects.postgresql import ARRAY

from projections.query.dimensions import Dimension
from projections.query.operators import Operator, takes_nothing
from projections.query.sums import Columns
from projections.read_models.description import OF_CLIENT, OF_ORIGIN
from projections.read_models.dictionaries import CLIENTS, NAMES, NONE, ORIGINS, PAGES

# The numbers of the sites that are asked about: they themselves, or the query that finds them.
Sites: TypeAlias = tuple[int, ...] | Select[tuple[int]]


class _Place(NamedTuple):
    """Which dictionary has a word, under which name, and which column of the views has its number."""

    dictionary: Table
    word: str
    number: str


PLACES: Final[Mapping[str, _Place]] = {
    "path": _Place(PAGES, "path", "page_id"),
    "hostname": _Place(PAGES, "hostname", "page_id"),
    "entry_path": _Place(PAGES, "path", "entry_page_id"),
    "exit_path": _Place(PAGES, "path", "exit_page_id"),
    "name": _Place(NAMES, "name", "name_id"),
    **{word: _Place(CLIENTS, word, "client_id") for word in OF_CLIENT},
    **{word: _Place(ORIGINS, word, "origin_id") for word in OF_ORIGIN},
}
_HAVE_AN_INDEX: Final = (PAGES, NAMES)
# Those that a row may be without.
_MAY_BE_NONE: Final = frozenset({"entry_page_id", "exit_page_id", "name_id"})


class Takes(NamedTuple):
    """Whether a test takes an empty text, and only a few: those that were named."""

    nothing: bool
    few: bool


def taken_by(operator: Operator, values: Sequence[str]) -> Takes:
    """Return what a filter takes that compares with *values* by *operator*."""
    return Takes(nothing=takes_nothing(operator, values), few=operator is Operator.IS)


def holds(
    dimension: Dimension,
    columns: Columns,
    sites: Sites,
    test: Callable[[ColumnElement[Any]], ColumnElement[bool]],
    *,
    takes: Takes,
) -> ColumnElement[bool]:
    """Return the condition that the value of *dimension* in a row of *columns*, which is of *sites*, passes *test*.

    What it *takes* is told beside it.
    """
    place = PLACES.get(dimension.column)
    if place is None or dimension.key or place.number not in columns:
        return test(dimension.on(columns))
    number = columns[place.number]
    words = {name: place.dictionary.c[PLACES[name].word] for name in (dimension.column, dimension.behind) if name}
    asked = select(place.dictionary.c.id).where(
        place.dictionary.c.site.in_(sites), test(dimension.on(SimpleNamespace(**words)))
    )
    # A page has one number on each host and a name just one: an index of the rows leads from them to their hits.
    is_few = takes.few and place.dictionary in _HAVE_AN_INDEX
    found = number == any_(func.array(asked.scalar_subquery(), type_=ARRAY(Integer))) if is_few else number.in_(asked)
    return or_(found, number == NONE) if takes.nothing and place.number in _MAY_BE_NONE else found
