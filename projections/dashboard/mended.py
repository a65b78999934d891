"""Mended: what an address asks as far as it can be read, so that one wrong field costs nobody the whole page."""

from collections.abc import Callable, Iterable, Mapping
from datetime import date
from typing import Final, TypeVar

from msgspec import Struct

from projections.dashboard.typed import TYPED_NAMES
from projections.query import filters
from projections.query.compared import Compare
from projections.query.parameters import Parameter, legible_parameters, read_parameters
from projections.query.periods import Period
from projections.query.problems import BAD_PARAMETER, Refused

Asked = TypeVar("Asked")
Values = Mapping[str, list[str]]

_SWAPPED: Final = "The last day was before the first: these are the days between the two."
_SWAPPED_OTHERS: Final = "The last day to compare with was before the first: these are the days between the two."
_DAYS: Final = ("period", "from", "to")
_OTHERS: Final = ("compare", "compare_from", "compare_to")
# Those that may be wrong although the address does not name them.
_UNNAMED: Final = frozenset({*_DAYS, *_OTHERS, filters.FIELD})


# What the field says that was the wrong way round.
_IN_ORDER: Final[Mapping[str, str]] = {"to": _SWAPPED, "compare_to": _SWAPPED_OTHERS}


class Wrong(Struct, frozen=True, kw_only=True):
    """Which field of an address was wrong ("" for none in particular), and what to write instead."""

    field: str
    words: str

    @property
    def is_of_days(self) -> bool:
        """Say whether it is about which days are shown."""
        return self.field in _DAYS

    @property
    def is_of_others(self) -> bool:
        """Say whether it is about what the days are compared with."""
        return self.field in _OTHERS

    @property
    def is_of_filters(self) -> bool:
        """Say whether it is about a filter, such as one that was typed."""
        return self.field in (filters.FIELD, *TYPED_NAMES)

    @property
    def is_said_elsewhere(self) -> bool:
        """Say whether it stands beside a field that is not among the controls."""
        return self.field == "search"


def mended(
    query_string: bytes, known: Iterable[Parameter], parse: Callable[[Values], Asked]
) -> tuple[Values, Asked, Wrong | None]:
    """Return the parameters in *query_string* and what *parse* makes of them; what is wrong is left out, and the first told.

    Raise Refused for what is no parameter's fault.
    """
    parameters, wrong = tuple(known), None
    try:
        values: Values = read_parameters(query_string, parameters)
    except Refused as refused:
        values, wrong = legible_parameters(query_string, parameters), _told(refused)
    while True:
        try:
            return values, parse(values), wrong
        except Refused as refused:
            field = refused.problem.field
            if refused.problem.code != BAD_PARAMETER or field not in {*values, *_UNNAMED}:
                raise
            kept, told = _without(values, field), _told(refused)
            if kept == values:
                raise
            is_swapped = field in _IN_ORDER and field in kept
            values, wrong = kept, wrong or (Wrong(field=field, words=_IN_ORDER[field]) if is_swapped else told)


def _told(refused: Refused) -> Wrong:
    return Wrong(field=refused.problem.field, words=refused.problem.detail)


def _without(values: Values, field: str) -> Values:
    """Return *values* without what is wrong about *field*."""
    if field == filters.FIELD:
        named = values.get(field, [])
        readable = filters.readable_filters(named)
        return {**values, field: readable} if readable != named else _but(values, TYPED_NAMES)
    if field in _DAYS:
        return _without_days(values, _DAYS, Period.CUSTOM) if field != "period" else _but(values, (field,))
    if field in _OTHERS:
        return _without_days(values, _OTHERS, Compare.CUSTOM) if field != "compare" else _but(values, (field,))
    return _but(values, (field,))


def _without_days(values: Values, names: tuple[str, str, str], custom: str) -> Values:
    """Return *values* with the days the right way round where that is all that is wrong with them, else without them."""
    kind, first_name, last_name = names
    first, last = _day(values.get(first_name)), _day(values.get(last_name))
    if values.get(kind) == [custom] and first is not None and last is not None and last < first:
        return {**values, first_name: [last.isoformat()], last_name: [first.isoformat()]}
    return _but(values, names) if values.get(kind) == [custom] else _but(values, names[1:])


def _but(values: Values, names: Iterable[str]) -> Values:
    without = frozenset(names)
    return {name: each for name, each in values.items() if name not in without}


def _day(said: list[str] | None) -> date | None:
    try:
        return date.fromisoformat(said[0]) if said else None
    except ValueError:
        return None
