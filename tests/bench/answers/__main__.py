"""`python -m tests.bench.answers`: fill the database that BENCH_DATA keeps, say where it is, and run it until Ctrl-C."""

import contextlib
import tempfile
import threading
from pathlib import Path

import click

from collector.local.guarded import GuardedLauncher
from tests.bench.answers.kept import filled, postgres_for
from tests.bench.answers.stage import FACTS


@click.command()
@click.option("--facts", type=int, default=FACTS, show_default=True, help="How many facts there are, about.")
@click.option("--stay/--leave", default=True, help="Keep Postgres running, or stop it once everything is there.")
def main(facts: int, stay: bool) -> None:  # noqa: FBT001  # a click flag
    """Fill what is missing, and lend the database to whoever wants to look at plans."""
    with (
        tempfile.TemporaryDirectory() as scratch,
        GuardedLauncher(Path(scratch) / "children.json") as launcher,
        postgres_for(launcher, Path(scratch)) as server,
    ):
        click.echo(filled(server, facts).url)
        with contextlib.suppress(KeyboardInterrupt):
            threading.Event().wait(None if stay else 0)


if __name__ == "__main__":
    main()
