"""`collector import events`: reads back what a backup wrote."""

from pathlib import Path

import click
from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn

from collector.cli.named_site import MOST_LINKS, sites_known_to, where_to_look
from collector.cli.options import data_option, examples, settings_with
from collector.cli.terminal import run_command
from collector.imports.delivery import open_delivery
from collector.imports.facts.lines import DEFAULT_BATCH, Told, facts_in, ids_of, lines_of
from collector.settings import Settings


@click.command("events", epilog=examples("collector import events backup.jsonl"))
@click.argument(
    "files",
    nargs=-1,
    required=True,
    metavar="FILE...",
    type=click.Path(exists=True, dir_okay=False, readable=True, path_type=Path),
)
@click.option("--tenant", default="", metavar="NAME", help="Whose events they are [COLLECTOR_TENANT].")
@data_option
def command(files: tuple[Path, ...], tenant: str, **options: str) -> None:
    """Read events back that `bilan backup` or `collector stream --json` wrote, one JSON document a line.

    They keep their ids, times and pseudonyms, and name the import in `batch`. What the event stream holds already is left
    out, so importing twice changes nothing.
    """
    settings = settings_with(**options)
    run_command(_import(settings, tenant.lower() or settings.collection.tenant, files))


async def _import(settings: Settings, tenant: str, files: tuple[Path, ...]) -> None:
    told = Told()
    columns = (TextColumn("{task.description}"), BarColumn(), DownloadColumn(), TimeRemainingColumn())
    console = Console(stderr=True)
    async with open_delivery(settings) as delivery:
        sites = await sites_known_to(delivery.client, settings)
        known = await ids_of(delivery.client, tenant, partitions=settings.stream.partitions)
        with Progress(*columns, console=console, disable=not console.is_terminal, transient=True) as bar:
            task = bar.add_task("Importing", total=sum(file.stat().st_size for file in files))
            for file in files:
                lines = lines_of(file, lambda size: bar.advance(task, size))
                for fact in facts_in(lines, tenant=tenant, sites=sites, known=known, batch=DEFAULT_BATCH, told=told):
                    await delivery.send(fact)
        await delivery.finish()
    if told.lines == 0:
        click.echo("There is no event to import: the file is empty. Is it the right one, and was the backup finished?")
        return
    for number, words in (*told.rows(), *delivery.tell()):
        click.echo(f"{number:>12,}  {words}")
    for name, (first, last) in sorted(told.days.items())[:MOST_LINKS]:
        click.echo(where_to_look(settings, name, first, last))
