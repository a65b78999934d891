"""CSV: a breakdown as a table for a spreadsheet, in which no value can become a formula."""

import re
import unicodedata
from collections.abc import Iterable, Sequence

from projections.query.dimensions import Dimension
from projections.query.web.breakdown import ROW_METRICS, Breakdown, ValueRow, row_metrics

CSV = "text/csv"
# What a spreadsheet computes begins with one of these, behind whatever is not seen; some decode what stands for blanks.
_FORMULA = frozenset("=+-@|\N{MINUS SIGN}")
_SPLITS = ("\t", "\r", "\n")
_ENCODED_BLANKS = re.compile(r"(?:%0[9AD]|%20|&(?:nbsp|Tab|NewLine);)+", re.IGNORECASE)
# Shown as nothing, though Unicode calls them letters and symbols.
_FILLERS = frozenset("\u115f\u1160\u2800\u3164\uffa0")
# Elsewhere a semicolon or a tab parts the cells.
_NEEDS_QUOTES = re.compile(r'[",;|\t\r\n]')


def to_csv(answer: Breakdown) -> str:
    """Return *answer* as CSV, the names of its columns first; without rows it names every column that there can be."""
    return csv_head(answer.dimension, answer.rows) + csv_rows(answer.rows, answer.dimension)


def csv_head(dimension: Dimension, rows: Sequence[ValueRow]) -> str:
    """Return the line that names the columns of *rows*, and those of the other period where they are compared."""
    columns = row_metrics(dimension) if rows else ROW_METRICS
    names = ["visitors", *(metric.name for metric in columns)]
    beside = [f"{of}_{name}" for of in ("previous", "change") for name in names] if rows and rows[0].compared else []
    return _line([dimension.name, names[0], "share", *names[1:], *beside])


def csv_rows(rows: Iterable[ValueRow], dimension: Dimension) -> str:
    """Return a line for each of *rows*."""
    columns = [metric.name for metric in row_metrics(dimension)]
    return "".join(
        _line(
            [
                *(_plain(row.value), str(row.visitors), str(row.share)),
                *(_cell(row.numbers[name]) for name in columns),
                *_beside(row, ["visitors", *columns]),
            ]
        )
        for row in rows
    )


def _beside(row: ValueRow, columns: list[str]) -> list[str]:
    if row.compared is None:
        return []
    return [_cell(numbers[name]) for numbers in (row.compared.numbers, row.compared.change) for name in columns]


def rows_as_csv(rows: Iterable[Iterable[str]]) -> str:
    """Return *rows* as CSV, each cell as the text that it is."""
    return "".join(_line(map(_plain, cells)) for cells in rows)


def cells_as_csv(rows: Iterable[Iterable[str | float | None]]) -> str:
    """Return *rows* as CSV, each text as the text that it is, and each number as a number."""
    return "".join(_line(_plain(cell) if isinstance(cell, str) else _cell(cell) for cell in cells) for cells in rows)


def _plain(text: str) -> str:
    # A spreadsheet computes what begins like a formula, whatever the quotes; an apostrophe makes it text.
    return f"'{text}" if text.startswith(_SPLITS) or _first_seen(text) in _FORMULA else text


def _first_seen(text: str) -> str:
    """Return the first character of *text* that is seen, a wide or small one as the usual one, or ""."""
    seen = next((at for at, character in enumerate(text) if not _is_blank(character)), len(text))
    encoded = _ENCODED_BLANKS.match(text, seen)
    if encoded is not None:
        return _first_seen(text[encoded.end() :])
    return unicodedata.normalize("NFKC", text[seen : seen + 1])[:1]


def _is_blank(character: str) -> bool:
    return unicodedata.category(character)[0] in "ZCM" or character in _FILLERS


def _line(cells: Iterable[str]) -> str:
    return ",".join(map(_quoted, cells)) + "\r\n"


def _quoted(cell: str) -> str:
    return '"{}"'.format(cell.replace('"', '""')) if _NEEDS_QUOTES.search(cell) else cell


def _cell(number: float | None) -> str:
    return "" if number is None else str(number)
