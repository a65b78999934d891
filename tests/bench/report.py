"""The report of a run: a table for people and JSON for everything else."""

from collections.abc import Mapping, Sequence

import msgspec
from msgspec import Struct
from rich.console import Console
from rich.table import Table

from tests.bench.figure import Figure
from tests.bench.stage import Stage


class Report(Struct, frozen=True, kw_only=True):
    """What was measured on which machine, with which versions."""

    machine: Mapping[str, str]
    versions: Mapping[str, str]
    is_quick: bool
    stages: dict[str, Sequence[Figure]]

    def to_json(self) -> bytes:
        """Return the report for a program."""
        return msgspec.json.format(msgspec.json.encode(self), indent=2)


def show_stage(console: Console, stage: Stage, figures: Sequence[Figure]) -> None:
    """Print the figures of *stage*."""
    table = Table(title=f"{stage.name}: {stage.says}", title_justify="left", title_style="bold", expand=False)
    table.add_column("figure")
    for column in ("median", "rounds", "ratio"):
        table.add_column(column, justify="right")
    table.add_column("beside")
    table.add_column("aim")
    for figure in figures:
        table.add_row(*_row(figure))
    console.print(table)


def show_circumstances(console: Console, report: Report) -> None:
    """Print machine and versions."""
    for name, facts in (("machine", report.machine), ("versions", report.versions)):
        console.print(f"[bold]{name}[/bold]  " + "  ".join(f"{key} {value}" for key, value in facts.items()), highlight=False)


def _row(figure: Figure) -> tuple[str, ...]:
    spread = f"{_short(figure.low)} - {_short(figure.high)}" if figure.low != figure.high else ""
    verdict = {None: "", True: "[green]met[/green]", False: "[red]missed[/red]"}[figure.is_met]
    return (
        figure.name,
        f"{_short(figure.value)} {figure.unit}",
        spread,
        "" if figure.ratio is None else f"{figure.ratio:.2f}",
        figure.beside,
        "" if figure.aim is None else f"{figure.aim} {verdict}",
    )


def _short(number: float) -> str:
    return f"{number:,.0f}" if abs(number) >= 100 else f"{number:.1f}"
