"""`collector backfill`: the read models, computed again from the event stream."""

import time

import click
from click import ClickException
from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TaskProgressColumn,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)

from collector.cli.options import data_option, examples, settings_with
from collector.cli.terminal import run_command
from collector.local.endpoints import endpoints
from collector.settings import Settings
from projections.migrations import NotMigrated, migrate
from projections.projector import rebuild as rebuilding
from projections.projector.halt import Halted
from projections.stream import StreamUnavailable


@click.command("backfill", epilog=examples("collector backfill", "collector backfill --data /srv/collector"))
@data_option
@click.option("--accept-loss", is_flag=True, help="Go on although the stream no longer holds every event that is counted.")
def command(accept_loss: bool, **options: str) -> None:  # noqa: FBT001  # a click flag
    """Compute the read models again from the event stream, also into an empty database.

    Postgres holds only what can be computed again, so this is the cure for a lost or doubtful database. Events go on being
    collected meanwhile; the numbers on the dashboard are incomplete until it is done. It may run beside `collector up`.
    """
    settings = settings_with(**options)
    try:
        run_command(_backfill(settings, accept_loss=accept_loss))
    except (rebuilding.HistoryWouldBeLost, Halted, NotMigrated, StreamUnavailable) as error:
        raise ClickException(str(error)) from error


async def _backfill(settings: Settings, *, accept_loss: bool) -> None:
    async with endpoints(settings) as (nats_url, database_url, _):
        await migrate(database_url)
        began = time.monotonic()
        with _bar() as bar:
            task = bar.add_task("Computing", total=None)

            def show(progress: rebuilding.Progress) -> None:
                bar.update(task, completed=progress.done, total=progress.total)

            end = await rebuilding.backfill(
                nats_url=nats_url,
                database_url=database_url,
                partitions=settings.stream.partitions,
                accept_loss=accept_loss,
                report=show,
            )
    seconds = time.monotonic() - began
    click.echo(f"Computed {end.total:,} events again in {seconds:.1f} s.", err=True)


def _bar() -> Progress:
    return Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        TaskProgressColumn(),
        MofNCompleteColumn(),
        TextColumn("events, left:"),
        TimeRemainingColumn(),
        TextColumn("so far:"),
        TimeElapsedColumn(),
        console=Console(stderr=True),
    )
