"""CSV: a breakdown as a table for a spreadsheet, in which no value can become a formula."""

import csv
import io

from msgspec import UNSET, UnsetType

from projections.query.breakdown import Breakdown, Row

CSV = "text/csv"
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n")
_NUMBERS = tuple(name for name in Row.__struct_fields__ if name != "value")


def to_csv(answer: Breakdown) -> str:
    """Return *answer* as CSV, the names of its columns first."""
    columns = [name for name in _NUMBERS if not answer.rows or getattr(answer.rows[0], name) is not UNSET]
    written = io.StringIO()
    table = csv.writer(written)
    table.writerow([answer.dimension, *columns])
    table.writerows([_plain(row.value), *(_cell(getattr(row, name)) for name in columns)] for row in answer.rows)
    return written.getvalue()


def _plain(text: str) -> str:
    # A spreadsheet computes what begins like a formula, whatever the quotes; an apostrophe makes it text.
    return f"'{text}" if text.startswith(_FORMULA) else text


def _cell(number: float | UnsetType | None) -> str:
    return "" if number is None else str(number)
