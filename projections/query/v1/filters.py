"""The filters of a query: nested lists become a tree, each wrong part refused by its path."""

from typing import Any, Final

from msgspec import Struct

from projections.query.filters import MAX_VALUE
from projections.query.operators import MAX_PATTERN, MAX_STARS, Operator, is_pattern_too_rich
from projections.query.problems import Refused, bad_parameter
from projections.query.tree import All, AnyOf, Done, Leaf, Node, negated
from projections.query.v1.names import dimension_named

MAX_LEAVES: Final = 20
MAX_VALUES: Final = 200
MAX_NESTING: Final = 5
_SIMPLE: Final = (3, 4)
_CASE: Final = "case_sensitive"
_FIELD: Final = "filters"


class _Simple(Struct, frozen=True):
    operator: Operator
    negated: bool = False


_SIMPLE_OPERATORS: Final = {
    "is": _Simple(Operator.IS),
    "is_not": _Simple(Operator.IS, negated=True),
    "contains": _Simple(Operator.CONTAINS),
    "contains_not": _Simple(Operator.CONTAINS, negated=True),
    "starts_with": _Simple(Operator.STARTS),
    "starts_with_not": _Simple(Operator.STARTS, negated=True),
    "ends_with": _Simple(Operator.ENDS),
    "ends_with_not": _Simple(Operator.ENDS, negated=True),
    "matches_wildcard": _Simple(Operator.MATCHES),
    "matches_wildcard_not": _Simple(Operator.MATCHES, negated=True),
}
_NESTING_OPERATORS: Final = ("and", "or", "not", "has_done", "has_not_done")
OPERATORS: Final = (*_SIMPLE_OPERATORS, *_NESTING_OPERATORS)
_SHAPE: Final = "Write [operator, dimension, [values]], ['and', [filters]], ['or', [filters]] or ['not', filter]."


class _Room:
    """Counts what is still allowed, over the whole tree."""

    def __init__(self) -> None:
        self.leaves = MAX_LEAVES
        self.values = MAX_VALUES


def read_filters(written: list[Any]) -> All:
    """Return the tree of *written*, all of which must hold, or raise Refused."""
    room = _Room()
    return All(tuple(_node(one, f"{_FIELD}[{number}]", room, MAX_NESTING) for number, one in enumerate(written)))


def _node(written: Any, path: str, room: _Room, deeper: int) -> Node:
    if not isinstance(written, list) or not written or not isinstance(written[0], str):
        raise bad_parameter(path, _SHAPE)
    operator = written[0]
    if operator in _SIMPLE_OPERATORS:
        return _leaf(written, path, room, _SIMPLE_OPERATORS[operator])
    if operator not in _NESTING_OPERATORS:
        raise bad_parameter(f"{path}.operator", f"There is no such operator. Send one of {', '.join(OPERATORS)}.")
    if deeper == 0:
        raise bad_parameter(path, f"The filters are nested too deep. Nest at most {MAX_NESTING} times.")
    if len(written) != 2:  # noqa: PLR2004  # the operator, and what it is about
        raise bad_parameter(path, _SHAPE)
    if operator in ("and", "or"):
        return (All if operator == "and" else AnyOf)(_several(written[1], f"{path}[1]", room, deeper - 1))
    inner = _node(written[1], f"{path}[1]", room, deeper - 1)
    if operator == "not":
        return negated(inner)
    return Done(inner if operator == "has_done" else negated(inner))


def _several(written: Any, path: str, room: _Room, deeper: int) -> tuple[Node, ...]:
    if not isinstance(written, list) or not written:
        raise bad_parameter(path, "Send a list of filters, at least one.")
    return tuple(_node(one, f"{path}[{number}]", room, deeper) for number, one in enumerate(written))


def _leaf(written: list[Any], path: str, room: _Room, simple: _Simple) -> Leaf:
    if len(written) not in _SIMPLE:
        raise bad_parameter(path, _SHAPE)
    room.leaves -= 1
    if room.leaves < 0:
        raise bad_parameter(_FIELD, f"There are too many filters. Send at most {MAX_LEAVES}.")
    if not isinstance(written[1], str):
        raise bad_parameter(f"{path}.dimension", "Send the name of a dimension, such as event:page.")
    return Leaf(
        dimension=dimension_named(written[1], f"{path}.dimension"),
        operator=simple.operator,
        values=_values_for(simple.operator, written[2], f"{path}.values", room),
        negated=simple.negated,
        case_sensitive=_is_case_sensitive(written[3], f"{path}.modifiers") if len(written) == max(_SIMPLE) else True,
    )


def _values_for(operator: Operator, written: Any, path: str, room: _Room) -> tuple[str, ...]:
    values = _values(written, path, room)
    if operator is not Operator.IS and "" in values:
        raise bad_parameter(path, "A value is empty, which only is and is_not take; it means not known there.")
    if operator is Operator.MATCHES and any(map(is_pattern_too_rich, values)):
        detail = f"A pattern is too long. Send at most {MAX_PATTERN} characters, of them at most {MAX_STARS} stars."
        raise bad_parameter(path, detail)
    return values


def _values(written: Any, path: str, room: _Room) -> tuple[str, ...]:
    if not isinstance(written, list) or not written or not all(isinstance(value, str) for value in written):
        raise bad_parameter(path, "Send a list of texts, at least one; an empty text means not known.")
    room.values -= len(written)
    if room.values < 0:
        raise bad_parameter(path, f"There are too many values. Send at most {MAX_VALUES} in all filters together.")
    if any(len(value) > MAX_VALUE for value in written):
        raise _too_long(path)
    return tuple(dict.fromkeys(written))


def _too_long(path: str) -> Refused:
    return bad_parameter(path, f"A value is too long. Send at most {MAX_VALUE} characters.")


def _is_case_sensitive(written: Any, path: str) -> bool:
    if not isinstance(written, dict) or set(written) - {_CASE} or not isinstance(written.get(_CASE, True), bool):
        raise bad_parameter(path, f"The one modifier is {_CASE}, which is true or false.")
    return bool(written.get(_CASE, True))
