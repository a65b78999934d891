"""`make bench`: measure every stage beside its ceilings, print a table, and write JSON where asked to."""

import logging
import sys
from pathlib import Path

import click
from rich.console import Console

from tests.bench.machine import machine, versions
from tests.bench.report import Report, show_circumstances, show_stage
from tests.bench.stages import STAGES
from tests.bench.world import opened, run

WIDTH = 150


@click.command()
@click.option(
    "--quick", is_flag=True, help="A tenth of the sizes and fewer rounds: a few minutes instead of a quarter of an hour."
)
@click.option("--json", "file", type=click.Path(dir_okay=False, path_type=Path), help="Write the figures to this file, too.")
@click.option("--only", type=click.Choice([stage.name for stage in STAGES]), multiple=True, help="Measure this stage alone.")
@click.option("--facts", type=int, default=0, help="How many facts `answers` is asked over, about.")
def main(quick: bool, file: Path | None, only: tuple[str, ...], facts: int) -> None:  # noqa: FBT001  # a click flag
    """Measure how fast the product is, each figure beside a ceiling of the same run."""
    console = Console() if sys.stdout.isatty() else Console(width=WIDTH)
    logging.getLogger("collector").setLevel(logging.ERROR)  # connections come and go on purpose
    stages = [stage for stage in STAGES if not only or stage.name in only]
    with opened(is_quick=quick, facts=facts) as world:
        report = Report(machine=machine(), versions=run(versions(world.postgres.url)), is_quick=quick, stages={})
        show_circumstances(console, report)
        for stage in stages:
            report.stages[stage.name] = stage.measure(world)
            show_stage(console, stage, report.stages[stage.name])
    if file is not None:
        file.write_bytes(report.to_json())


if __name__ == "__main__":
    main()
