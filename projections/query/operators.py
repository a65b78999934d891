"""The operators of filters: how a text of the dimension is compared with a value, and the SQL of it.

Case counts everywhere. Nothing of a value ever acts as SQL, as a sign of LIKE or as one of a regular expression, and what is
asked of the database takes time that is linear in the text: all patterns of one filter are one expression, without repeats of
repeats and without looking back.
"""

import re
from collections.abc import Callable, Iterable, Mapping
from enum import Enum
from typing import Any, Final, TypeAlias

from msgspec import Struct
from sqlalchemy import ColumnElement, or_

# The texts of a dimension, such as a column.
Texts: TypeAlias = ColumnElement[Any]


class Operator(Enum):
    """How a filter compares; its value is the sign between the dimension and the colon."""

    IS = ""
    CONTAINS = "~"
    STARTS = "^"
    ENDS = "$"
    MATCHES = "*"


class Words(Struct, frozen=True, kw_only=True):
    """What an operator is called between a dimension and a value, and when it is turned round."""

    name: str
    is_so: str
    is_not_so: str


WORDS: Final[Mapping[Operator, Words]] = {
    Operator.IS: Words(name="is", is_so="is", is_not_so="is not"),
    Operator.CONTAINS: Words(name="contains", is_so="contains", is_not_so="does not contain"),
    Operator.STARTS: Words(name="starts with", is_so="starts with", is_not_so="does not start with"),
    Operator.ENDS: Words(name="ends with", is_so="ends with", is_not_so="does not end with"),
    Operator.MATCHES: Words(name="matches", is_so="matches", is_not_so="does not match"),
}

MAX_PATTERN: Final = 250
MAX_STARS: Final = 8
# Of a pattern: what stands for itself behind a backslash, ** for anything, * for anything but a slash, or any other sign.
_PIECE: Final = re.compile(r"\\[*\\]|\*\*|\*|.", re.DOTALL)
_ANY, _ANY_BUT_SLASH = "**", "*"
_SIGNS_OF_LIKE: Final = re.compile(r"([\\%_])")


def condition(column: Texts, operator: Operator, values: Iterable[str]) -> ColumnElement[bool]:
    """Return the condition that the text in *column* is, contains, ... any of *values*."""
    if operator is Operator.IS:
        return column.in_(tuple(values))
    if operator is Operator.MATCHES:
        return _matches_any(column, tuple(values))
    written = _LIKE[operator]
    return or_(*(column.like(written(_plain(value)), escape="\\") for value in values))


def takes_nothing(operator: Operator, values: Iterable[str]) -> bool:
    """Say whether a text that is empty is, contains, ... any of *values*."""
    if operator is Operator.MATCHES:
        return any(set(_PIECE.findall(value)) <= {_ANY, _ANY_BUT_SLASH} for value in values)
    return "" in values


def found_in(column: Texts, text: str) -> ColumnElement[bool]:
    """Return the condition that *column* contains *text*, in whatever case A to Z are written."""
    return column.ilike(f"%{_plain(text)}%", escape="\\")


def is_pattern_too_rich(pattern: str) -> bool:
    """Say whether *pattern* is longer, or has more stars, than may be asked for."""
    return len(pattern) > MAX_PATTERN or sum(piece in (_ANY, _ANY_BUT_SLASH) for piece in _PIECE.findall(pattern)) > MAX_STARS


def as_expression(pattern: str) -> str:
    """Return *pattern* as a regular expression for a whole text: each star is one repeat, and every other sign is itself."""
    return "".join(_as_expression(piece) for piece in _PIECE.findall(pattern))


def _matches_any(column: Texts, patterns: tuple[str, ...]) -> ColumnElement[bool]:
    expression = "|".join(as_expression(pattern) for pattern in patterns)
    # Postgres remembers only some expressions: of one for each pattern it would compile many for every row.
    matched: ColumnElement[bool] = column.regexp_match(f"^(?:{expression})$")
    return matched


def _as_expression(piece: str) -> str:
    if piece == _ANY:
        return ".*"
    if piece == _ANY_BUT_SLASH:
        return "[^/]*"
    sign = piece[-1]
    # Letters and digits behind a backslash would mean something; everything else stands for itself behind one.
    return sign if sign.isalnum() or ord(sign) > _LAST_OF_ASCII else f"\\{sign}"


_LAST_OF_ASCII: Final = 127


def _plain(value: str) -> str:
    return _SIGNS_OF_LIKE.sub(r"\\\1", value)


_LIKE: Final[Mapping[Operator, Callable[[str], str]]] = {
    Operator.CONTAINS: lambda plain: f"%{plain}%",
    Operator.STARTS: lambda plain: f"{plain}%",
    Operator.ENDS: lambda plain: f"%{plain}",
}
