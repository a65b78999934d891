"""Mended: what an address asks as far as it can be read, so that one wrong field costs nobody the whole page."""

from collections.abc import Callable, Iterable, Mapping
from datetime import date
from typing import Final, TypeVar

from msgspec import Struct

from projections.query.parameters import Parameter, legible_parameters, read_parameters
from projections.query.periods import Period
from projections.query.problems import BAD_PARAMETER, Refused
from projections.query.question import readable_filters

Asked = TypeVar("Asked")
Values = Mapping[str, list[str]]

_SWAPPED: Final = "The last day was before the first: these are the days between the two."
_DAYS: Final = ("period", "from", "to")


class Wrong(Struct, frozen=True, kw_only=True):
    """Which field of an address was wrong ("" for none in particular), and what to write instead."""

    field: str
    words: str

    @property
    def is_of_days(self) -> bool:
        """Say whether it is about which days are shown."""
        return self.field in _DAYS


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
            if refused.problem.code != BAD_PARAMETER or field not in {*values, *_DAYS}:
                raise
            kept, told = _without(values, field), _told(refused)
            if kept == values:
                raise
            is_swapped = field == "to" and "to" in kept
            values, wrong = kept, wrong or (Wrong(field=field, words=_SWAPPED) if is_swapped else told)


def _told(refused: Refused) -> Wrong:
    return Wrong(field=refused.problem.field, words=refused.problem.detail)


def _without(values: Values, field: str) -> Values:
    """Return *values* without what is wrong about *field*."""
    if field == "filter":
        return {**values, field: readable_filters(values[field])}
    if field in ("from", "to") and values.get("period") == [Period.CUSTOM]:
        first, last = _day(values.get("from")), _day(values.get("to"))
        if first is not None and last is not None and last < first:
            return {**values, "from": [last.isoformat()], "to": [first.isoformat()]}
        return {name: each for name, each in values.items() if name not in _DAYS}
    return {name: each for name, each in values.items() if name != field}


def _day(said: list[str] | None) -> date | None:
    try:
        return date.fromisoformat(said[0]) if said else None
    except ValueError:
        return None
