"""Typed: the filter that somebody is just making in a form, which becomes one of the address's as soon as it can be read."""

from collections.abc import Mapping
from typing import Final

from msgspec import Struct

from projections.query.filters import FIELD
from projections.query.kept_by import GOAL
from projections.query.operators import WORDS
from projections.query.parameters import Parameter, one_of
from projections.query.problems import bad_parameter
from projections.query.properties import KNOWN_DIMENSIONS, dimension_named

# What stands between the dimension and the colon, by what it is called.
HOW: Final[Mapping[str, str]] = {
    sign: words
    for operator, both in WORDS.items()
    for sign, words in ((operator.value, both.is_so), (f"!{operator.value}", both.is_not_so))
}
BY: Final = Parameter(name="filter_by", meaning="Dimension of a new filter.")
SO: Final = Parameter(name="filter_how", meaning="How the new filter compares.", choices=tuple(HOW))
VALUE: Final = Parameter(name="filter_value", meaning="Value of the new filter.", names_a_value=True)
TYPED: Final = (BY, SO, VALUE)
TYPED_NAMES: Final = tuple(parameter.name for parameter in TYPED)


class Typed(Struct, frozen=True, kw_only=True):
    """What was typed into the form."""

    by: str = ""
    so: str = ""
    value: str = ""


def typed_in(values: Mapping[str, list[str]]) -> Typed:
    """Return what *values* say was typed, whether it can be read or not."""
    by, so, value = (values.get(name, [""])[0] for name in TYPED_NAMES)
    return Typed(by=by, so=so, value=value)


def with_typed(values: Mapping[str, list[str]]) -> Mapping[str, list[str]]:
    """Return *values* with the filter that was typed among the others, or raise Refused where it names no dimension of ours."""
    by = one_of(BY, values)
    if not by:
        return values
    if dimension_named(by) is None and by != GOAL.name:
        raise bad_parameter(BY.name, f"Name one of {KNOWN_DIMENSIONS}.")
    made = f"{by}{one_of(SO, values)}:{typed_in(values).value}"
    return {**values, FIELD: [*values.get(FIELD, []), made]}
