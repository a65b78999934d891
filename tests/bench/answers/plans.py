"""`python -m tests.bench.answers.plans "30 d, page"`: how Postgres goes about the questions of that name, on both sides."""

import tempfile
from pathlib import Path

import click

from collector.local.guarded import GuardedLauncher
from tests.bench.answers.asked import ASKED, Question
from tests.bench.answers.kept import Filled, filled, postgres_for
from tests.bench.answers.stage import FACTS
from tests.bench.answers.statements import Asker
from tests.bench.world import run


@click.command()
@click.argument("names", nargs=-1, required=True)
@click.option("--facts", type=int, default=FACTS, show_default=True, help="Of which set in BENCH_DATA.")
def main(names: tuple[str, ...], facts: int) -> None:
    """Print the plans of the questions whose names begin with NAMES, executed once before."""
    asked = [question for question in ASKED if question.name.startswith(names)]
    with (
        tempfile.TemporaryDirectory() as scratch,
        GuardedLauncher(Path(scratch) / "children.json") as launcher,
        postgres_for(launcher, Path(scratch)) as server,
    ):
        run(_print(filled(server, facts), asked))


async def _print(full: Filled, asked: list[Question]) -> None:
    async with Asker(full.url) as asker:
        for question in asked:
            statements, theirs = await asker.statements(question.address(full.last)), question.of_umami(full.last)
            await asker.ours(statements)
            click.secho(f"{question.name}: {(await asker.ours(statements)).answer:.1f} ms", bold=True)
            click.echo("\n".join(await asker.plans(statements)))
            click.secho(f"Umami: {await asker.umami(theirs):.1f} ms", bold=True)
            click.echo("\n".join(await asker.umami_plans(theirs)))


if __name__ == "__main__":
    main()
