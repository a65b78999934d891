"""Forms: an answer as JSON, or its rows as CSV or as lines of JSON, whichever answer it is."""

from collections.abc import Iterable, Mapping
from enum import StrEnum
from typing import Any, Final, TypeAlias, get_args

import msgspec
from litestar import Response

from projections.query.parameters import Parameter
from projections.query.web.spreadsheet import CSV, cells_as_csv

# A row of any answer, by the names of its columns.
Row: TypeAlias = Mapping[str, Any]

LINES: Final = "application/x-ndjson"
MORE: Final = {"X-Collector-More": "true"}
_ALSO_LINES: Final = ("application/jsonl", "application/x-jsonlines", "application/jsonlines")


class Form(StrEnum):
    """What an answer is written as."""

    JSON = "json"
    CSV = "csv"
    LINES = "ndjson"


FORMAT: Final = Parameter(
    name="format",
    meaning="How the answer is written: json, csv or ndjson (its rows, a line each). By default as the header Accept says.",
    choices=tuple(Form),
)
MEDIA_TYPES: Final = {Form.CSV: CSV, Form.LINES: LINES}


def accepted(accept: str) -> Form:
    """Return the form that the header *accept* asks for."""
    if CSV in accept:
        return Form.CSV
    return Form.LINES if any(name in accept for name in (LINES, *_ALSO_LINES)) else Form.JSON


def written(answer: Any, form: Form, *, name: str) -> Response[Any]:
    """Return *answer* in a *form* that is not JSON, as a file that is called *name*; that there is more of it, is said."""
    rows = rows_in(answer)
    text = as_csv(rows, columns_of(answer)) if form is Form.CSV else as_lines(rows)
    return as_file(text, form, name=name, is_cut=bool(getattr(answer, "more", False)))


def as_file(text: str, form: Form, *, name: str, is_cut: bool) -> Response[Any]:
    """Return *text*, which is of that *form*, as a file that is called *name*."""
    headers = {"Content-Disposition": f'attachment; filename="{name}.{form}"', **(MORE if is_cut else {})}
    return Response(text, media_type=MEDIA_TYPES[form], headers=headers)


def rows_in(answer: Any) -> list[Row]:
    """Return the rows of *answer*: those of its one list of objects, or else the whole of it as one row."""
    plain = msgspec.to_builtins(answer)
    if isinstance(plain, list):
        return [row if isinstance(row, dict) else {"value": row} for row in plain]
    lists = [value for value in plain.values() if isinstance(value, list)]
    if len(lists) == 1 and all(isinstance(row, dict) for row in lists[0]):
        return lists[0]
    return [plain]


def columns_of(answer: Any) -> list[str]:
    """Return the columns that the rows of *answer* have by their type, so that a table without rows has a head, too."""
    if not isinstance(answer, msgspec.Struct):
        return []
    listed = [get_args(field.type) for field in msgspec.structs.fields(answer) if isinstance(getattr(answer, field.name), list)]
    kinds = [kind for kinds in listed for kind in kinds if isinstance(kind, type) and issubclass(kind, msgspec.Struct)]
    return [field.encode_name for field in msgspec.structs.fields(kinds[0])] if len(kinds) == 1 else []


def as_lines(rows: Iterable[Row]) -> str:
    """Return *rows* as lines of JSON."""
    return "".join(f"{msgspec.json.encode(row).decode()}\n" for row in rows)


def as_csv(rows: Iterable[Row], columns: Iterable[str] = ()) -> str:
    """Return *rows* as CSV, objects in them as columns of their own; *columns* are named where there are no rows."""
    flat = [dict(_flat(row)) for row in rows]
    # Rows need not all have the same: what one lacks is empty there.
    head = list(dict.fromkeys(name for row in flat for name in row)) or list(columns)
    return cells_as_csv([head, *([cell_of(row.get(name)) for name in head] for row in flat)])


def _flat(row: Row, above: str = "") -> Iterable[tuple[str, Any]]:
    for name, value in row.items():
        if isinstance(value, dict):
            yield from _flat(value, f"{above}{name}.")
        else:
            yield f"{above}{name}", value


def cell_of(value: Any) -> str | float | None:
    """Return *value* as a table has it: a list or an object as its JSON."""
    match value:
        case None | str() | bool() | int() | float():
            return str(value).lower() if isinstance(value, bool) else value
        case _:
            return msgspec.json.encode(value).decode()
