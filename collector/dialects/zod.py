"""The words in which zod, the schema library of JavaScript servers, refuses a body; clients that match them go on working."""

import re
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, Final, TypeAlias

# A field's value -> what is wrong with it, or "".
Check: TypeAlias = Callable[[Any], str]
_DATETIME: Final = re.compile(r"\d{4}-\d\d-\d\dT([01]\d|2[0-3]):[0-5]\d(:[0-5]\d(\.\d+)?)?Z", re.ASCII)


def problems(body: Mapping[str, Any], schema: Mapping[str, Check], required: frozenset[str] = frozenset()) -> str:
    """Return everything that is wrong with *body*, by the fields of *schema* and in their order, "" where nothing is."""
    found = []
    for field, check in schema.items():
        if field in body and (wrong := check(body[field])):
            found.append(f"{field}: {wrong}")
        if field not in body and field in required:
            found.append(f"{field}: Required")
    return f"Validation failed: {', '.join(found)}" if found else ""


def a_string(value: Any) -> str:
    """Say what is wrong unless *value* is text."""
    return "" if isinstance(value, str) else _expected("string", value)


def some_text(value: Any) -> str:
    """Say what is wrong unless *value* is text that is not empty."""
    return a_string(value) or ("" if value else "String must contain at least 1 character(s)")


def text_of_at_most(longest: int) -> Check:
    """Return what says what is wrong with anything but text of 1 to *longest* characters."""

    def check(value: Any) -> str:
        wrong = some_text(value)
        return wrong or ("" if len(value) <= longest else f"String must contain at most {longest} character(s)")

    return check


def a_datetime(value: Any) -> str:
    """Say what is wrong unless *value* is a moment in UTC, written with its Z."""
    return a_string(value) or ("" if _names_a_moment(value) else "Invalid datetime")


def a_record(value: Any) -> str:
    """Say what is wrong unless *value* is an object."""
    return "" if isinstance(value, dict) else _expected("object", value)


def _names_a_moment(text: str) -> bool:
    if _DATETIME.fullmatch(text) is None:
        return False
    try:
        datetime.fromisoformat(text)
    except ValueError:  # no day of the calendar
        return False
    return True


def _expected(wanted: str, value: Any) -> str:
    return f"Expected {wanted}, received {_type_of(value)}"


def _type_of(value: Any) -> str:
    match value:
        case None:
            return "null"
        case bool():
            return "boolean"
        case int() | float():
            return "number"
        case str():
            return "string"
        case list():
            return "array"
    return "object"
