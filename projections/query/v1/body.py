"""Body: the JSON of a query as it is sent, with its types; a wrong one is refused by the path of the field."""

import re
from typing import Annotated, Any

import msgspec
from msgspec import Meta, Struct

from projections.query.parameters import Who
from projections.query.problems import Refused, bad_parameter

MAX_METRICS = 20
MAX_DIMENSIONS = 4
MAX_ROWS = 10_000
MAX_OFFSET = 10_000_000
# Room for every filter that is answered, written in full; what is longer is refused before it is read.
MAX_BYTES = 128 * 1024
# Of objects and lists in each other: deeper than any filter may be.
_MAX_DEPTH = 40

_PATH = re.compile(r" - at `\$\.?([A-Za-z_.\[\]0-9]*)`$")
_MISSING = re.compile(r"Object missing required field `([a-z_]+)`")


class Pagination(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How many rows come, and how many of the first ones are left out."""

    limit: Annotated[int, Meta(ge=1, le=MAX_ROWS)] = MAX_ROWS
    offset: Annotated[int, Meta(ge=0, le=MAX_OFFSET)] = 0


class Comparison(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which other time each row is compared with: previous_period, year_over_year, or custom with a date_range of its own."""

    mode: str
    date_range: list[str] | None = None
    match_day_of_week: bool = False


class Include(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What comes beside the rows."""

    imports: bool = False
    time_labels: bool = False
    total_rows: bool = False
    comparisons: Comparison | None = None


class Body(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A query as it is sent.

    ``timezone`` is that of the site where none is named. ``read_your_write`` is the id that a store answer gave: the answer
    waits until that fact is in it.
    """

    site_id: str
    metrics: Annotated[list[str], Meta(min_length=1, max_length=MAX_METRICS)]
    date_range: str | list[str]
    dimensions: Annotated[list[str], Meta(max_length=MAX_DIMENSIONS)] = []
    filters: list[Any] = []
    order_by: Annotated[list[tuple[str, str]], Meta(max_length=MAX_METRICS + MAX_DIMENSIONS)] | None = None
    include: Include = Include()
    pagination: Pagination = Pagination()
    timezone: str = ""
    who: Who = Who.HUMAN
    read_your_write: str = ""


# The objects of a body, by their paths; there is one more, within include.
_FIELDS: dict[str, tuple[str, ...]] = {
    "": Body.__struct_fields__,
    "pagination": Pagination.__struct_fields__,
    "include": Include.__struct_fields__,
    "include.comparisons": Comparison.__struct_fields__,
}
_ADVICE = {
    "who": f"Send one of {', '.join(Who)}.",
    "pagination.limit": f"Send a whole number from 1 to {MAX_ROWS}.",
    "pagination.offset": f"Send a whole number from 0 to {MAX_OFFSET}.",
    "metrics": f"Send a list of 1 to {MAX_METRICS} names of metrics.",
    "dimensions": f"Send a list of at most {MAX_DIMENSIONS} names of dimensions.",
}


def read_body(sent: bytes) -> Body:
    """Return the query in *sent*, or raise Refused, which names the field that is wrong by its path."""
    if len(sent) > MAX_BYTES:
        raise bad_parameter("", f"The body is too long. Send at most {MAX_BYTES // 1024} KiB.")
    if _depth(sent) > _MAX_DEPTH:
        raise bad_parameter("", "The body is nested too deep. Write the same filter flatter.")
    try:
        body = msgspec.json.decode(sent, type=Body)
    except msgspec.ValidationError as error:
        raise _refusal(str(error)) from None
    except (msgspec.DecodeError, UnicodeError):
        raise bad_parameter("", "The body is no JSON. Send an object with site_id, metrics and date_range, in UTF-8.") from None
    _require_no_nul(msgspec.to_builtins(body), "")
    return body


def _refusal(error: str) -> Refused:
    found = _PATH.search(error)
    path = found[1] if found else ""
    if missing := _MISSING.match(error):
        field = f"{path}.{missing[1]}" if path else missing[1]
        return bad_parameter(field, "The field is missing. A query has site_id, metrics and date_range.")
    if error.startswith("Object contains unknown field"):
        # The message quotes the name, which may end like a path of ours.
        inside = path if path in _FIELDS else ""
        return bad_parameter(inside, f"There is a field that is not known. The known ones are {', '.join(_FIELDS[inside])}.")
    # What is expected says nothing of what was sent; other messages quote it.
    expected = error[: found.start()] if found else error
    plain = expected if expected.startswith("Expected ") and path not in _ADVICE else ""
    return bad_parameter(path, _ADVICE.get(path) or (f"{plain}." if plain else "The value is not one of those that there are."))


def _depth(sent: bytes) -> int:
    """Return how deep lists and objects lie in each other at the most, whatever the rest of *sent* is."""
    depth = deepest = 0
    is_text = is_escaped = False
    for byte in sent:
        if is_text:
            is_text = is_escaped or byte != _QUOTE
            is_escaped = byte == _ESCAPE and not is_escaped
        elif byte == _QUOTE:
            is_text = True
        elif byte in b"[{":
            depth += 1
            deepest = max(deepest, depth)
        elif byte in b"]}":
            depth -= 1
    return deepest


_QUOTE, _ESCAPE = b'"\\'


def _require_no_nul(value: Any, path: str) -> None:
    match value:
        case str() if "\0" in value:
            raise bad_parameter(path, "The value holds a NUL character, which nothing that is stored has. Leave it out.")
        case dict():
            for name, inner in value.items():
                if "\0" in name:
                    raise bad_parameter(path, "A name holds a NUL character. Leave it out.")
                _require_no_nul(inner, f"{path}.{name}" if path else name)
        case list() | tuple():
            for number, inner in enumerate(value):
                _require_no_nul(inner, f"{path}[{number}]")
