"""CSV: a breakdown as a table for a spreadsheet, in which no value can become a formula."""

import csv
import io

from projections.query.web.breakdown import ROW_METRICS, Breakdown, row_metrics

CSV = "text/csv"
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n")


def to_csv(answer: Breakdown) -> str:
    """Return *answer* as CSV, the names of its columns first; without rows it names every column that there can be."""
    columns = [metric.name for metric in (row_metrics(answer.dimension) if answer.rows else ROW_METRICS)]
    written = io.StringIO()
    table = csv.writer(written)
    table.writerow([answer.dimension.name, "visitors", "share", *columns])
    table.writerows(
        [_plain(row.value), row.visitors, row.share, *(_cell(row.numbers[name]) for name in columns)] for row in answer.rows
    )
    return written.getvalue()


def _plain(text: str) -> str:
    # A spreadsheet computes what begins like a formula, whatever the quotes; an apostrophe makes it text.
    return f"'{text}" if text.startswith(_FORMULA) else text


def _cell(number: float | None) -> str:
    return "" if number is None else str(number)
