"""What `collector backfill` shows of a comparison: the first differences on the terminal, all of them in a file or as JSON."""

from collections.abc import Iterable
from pathlib import Path

import click
import msgspec

from projections.differences.comparison import CannotCompare, Connection, compared
from projections.differences.difference import Difference, Sides
from projections.projector.projection import Projection
from projections.query.web.spreadsheet import rows_as_csv

SHOWN = 40
_COLUMNS = ("projection", "tenant", "site", "day", "dimension", "value", "number", "was", "is_now")


class Found:
    """Collects what differs, projection by projection, and says so as it goes."""

    def __init__(self, *, as_json: bool, report: Path | None) -> None:
        self.differences: list[Difference] = []
        self.as_json, self._report = as_json, report
        if report is not None:
            # Before the hours that it may take: a folder that is not there is said at once.
            report.write_text(rows_as_csv([_COLUMNS]), encoding="utf-8", newline="")

    async def compare(self, connection: Connection, projection: Projection, sides: Sides) -> None:
        """Find what *sides* differ in, and show it."""
        try:
            found = await compared(connection, projection, sides)
        except CannotCompare:
            self._say(f"{projection.name}: what is read lacks a table or a column, so it cannot be compared.")
            return
        self.differences += found
        self._write(found)
        if self.as_json:
            for one in found:
                click.echo(msgspec.json.encode(one).decode())
            return
        self._show(projection, found, is_level=sides.is_level)

    def _write(self, found: Iterable[Difference]) -> None:
        if self._report is None:
            return
        with self._report.open("a", encoding="utf-8", newline="") as file:
            file.write(rows_as_csv(map(_cells, found)))

    def _show(self, projection: Projection, found: list[Difference], *, is_level: bool) -> None:
        if not is_level:
            self._say(f"{projection.name}: what is read does not keep up with the stream, so the newest events differ as well.")
        if not found:
            self._say(f"{projection.name}: nothing differs.")
            return
        self._say(f"{projection.name}: {len(found):,} number(s) differ.")
        for line in _aligned([_line(one) for one in found[:SHOWN]]):
            self._say(f"  {line}")
        if len(found) > SHOWN:
            self._say(f"  and {len(found) - SHOWN:,} more; `--report FILE.csv` writes every one.")

    def _say(self, words: str) -> None:
        click.echo(words, err=self.as_json)


def _cells(one: Difference) -> list[str]:
    return [_text(getattr(one, column)) for column in _COLUMNS]


def _line(one: Difference) -> list[str]:
    number = f"{one.number} of {one.dimension} {one.value or '(none)'}" if one.dimension else one.number
    return [_text(one.day) or "all days", one.site, number, f"{_figure(one.was)} -> {_figure(one.is_now)}"]


def _aligned(lines: list[list[str]]) -> list[str]:
    # What came from outside may hold what moves a terminal's cursor.
    printable = [["".join(c if c.isprintable() else "?" for c in cell) for cell in line] for line in lines]
    widths = [max(map(len, column)) for column in zip(*printable, strict=True)]
    return ["  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip() for line in printable]


def _figure(number: float | None) -> str:
    return "none" if number is None else f"{number:,}"


def _text(value: object) -> str:
    return "" if value is None else str(value)
