"""Before and after: two checkouts take turns at the same stages, and each figure is the median of the pairs' ratios."""

import json
import statistics
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import click
from msgspec import Struct
from rich.console import Console
from rich.table import Table

ROOT = Path(__file__).parents[2]
WIDTH = 150


class Compared(Struct, frozen=True):
    """A figure of a stage, by the start of its name; where *less_is_better* the ratio is before to after."""

    stage: str
    figure: str
    less_is_better: bool = False


COMPARED = (
    Compared("ingest", "durable single events"),
    Compared("ingest", "collector serve, CPU", less_is_better=True),
    Compared("batch", "durable events in batches of 500"),
    Compared("batch", "batches, CPU", less_is_better=True),
    Compared("projector", "projector, all read models"),
    Compared("projector", "projector, CPU", less_is_better=True),
    Compared("backfill", "collector backfill"),
    Compared("backfill", "on disk: stream", less_is_better=True),
)


@click.command()
@click.argument("before", type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.option("--rounds", default=9, help="How often the two take turns [9]; an odd number has a middle.")
@click.option("--only", type=click.Choice(sorted({each.stage for each in COMPARED})), multiple=True, help="This stage alone.")
def main(before: Path, rounds: int, only: tuple[str, ...]) -> None:
    """Measure the checkout BEFORE (with an environment of its own in .venv) and this one in turn, A B A B ..."""
    compared = [each for each in COMPARED if not only or each.stage in only]
    stages = sorted({each.stage for each in compared})
    values: dict[Compared, list[tuple[float, float]]] = {each: [] for each in compared}
    for number in range(rounds):
        # Who goes first changes, so that a machine that tires is no one's disadvantage.
        sides = (before, ROOT) if number % 2 == 0 else (ROOT, before)
        measured = {side: _measure(side, stages) for side in sides}
        for each in compared:
            values[each].append((_value(measured[before], each), _value(measured[ROOT], each)))
        click.echo(f"round {number + 1} of {rounds} is done", err=True)
    _show(values)


def _measure(checkout: Path, stages: list[str]) -> dict[str, list[dict[str, object]]]:
    with tempfile.NamedTemporaryFile(suffix=".json") as file:
        only = [option for stage in stages for option in ("--only", stage)]
        argv = [str(checkout / ".venv" / "bin" / "python"), "-m", "tests.bench", "--quick", "--json", file.name, *only]
        subprocess.run(argv, cwd=checkout, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        stages_measured: dict[str, list[dict[str, object]]] = json.loads(Path(file.name).read_bytes())["stages"]
    return stages_measured


def _value(measured: dict[str, list[dict[str, object]]], wanted: Compared) -> float:
    return next(float(str(found["value"])) for found in measured[wanted.stage] if str(found["name"]).startswith(wanted.figure))


def _show(values: dict[Compared, list[tuple[float, float]]]) -> None:
    table = Table("stage", "figure", "before", "after", "ratio", "lowest", "highest")
    for each, pairs in values.items():
        table.add_row(*_row(each, pairs))
    Console(width=WIDTH).print(table)


def _row(each: Compared, pairs: list[tuple[float, float]]) -> Iterator[str]:
    ratios = [before / after if each.less_is_better else after / before for before, after in pairs]
    yield each.stage
    yield f"{each.figure} (before to after)" if each.less_is_better else each.figure
    yield from (f"{statistics.median(side):,.0f}" for side in zip(*pairs, strict=True))
    yield from (f"{number:.3f}" for number in (statistics.median(ratios), min(ratios), max(ratios)))


if __name__ == "__main__":
    main()
