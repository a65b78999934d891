"""`bilan backup`: every event of the tenant, as JSON lines that `collector import events` reads back."""

import os
from pathlib import Path

import click

from collector.cli.bilan.options import data_option_of, db_option
from collector.cli.bilan.reading import connected
from collector.cli.options import examples, settings_with
from collector.cli.terminal import run_command
from collector.imports.facts.lines import facts_of
from collector.settings import Settings

_OWNER_ALONE = 0o600


@click.command("backup", epilog=examples("bilan backup --db ./bilan.db --output ./backup.jsonl"))
@db_option
@click.option(
    "--output",
    type=click.Path(dir_okay=False, path_type=Path),
    default=Path("backup.jsonl"),
    show_default=True,
    help="The file to write; one that is there is replaced once the new one is whole.",
)
def command(db: str | None, output: Path) -> None:
    """Write every event of the tenant to a file, one JSON document a line, exactly as they are stored.

    `collector import events FILE` reads them back. Sites, keys and people are no events and not in it: for those, and to
    keep pseudonyms comparable, keep the data directory with its master key.
    """
    written = run_command(_backup(settings_with(**data_option_of(db)), output))
    click.echo(f"{written:,} events were written to {output}. Read them back with: collector import events {output}", err=True)


async def _backup(settings: Settings, output: Path) -> int:
    written, unfinished = 0, output.with_name(f"{output.name}.part")
    descriptor = os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, _OWNER_ALONE)
    with os.fdopen(descriptor, "wb") as file:
        async with connected(settings) as client:
            async for fact in facts_of(client, settings.collection.tenant, partitions=settings.stream.partitions):
                file.write(fact + b"\n")
                written += 1
        file.flush()
        os.fsync(file.fileno())
    unfinished.replace(output)
    return written
