"""`collector backfill`: the read models, computed again from the event streams."""

import time
from collections.abc import Sequence

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

from collector.cli.clock import utc_now
from collector.cli.forwarding import endpoint_at, forward_option, said_of
from collector.cli.options import data_option, examples, settings_with
from collector.cli.terminal import run_command
from collector.local.endpoints import endpoints
from collector.settings import Settings
from contracts.jetstream import JetStreamError
from contracts.streams import EventStream
from projections.control.keeper import ControlKeeper
from projections.database import POSTGRES_ERRORS, advice_for
from projections.forwarding.endpoint import Endpoint, EndpointAway
from projections.forwarding.replay import Replayed, replay
from projections.migrations import NotMigrated, migrate
from projections.projections import PROJECTIONS, WEB
from projections.projector import rebuild as rebuilding
from projections.projector.claim import AnotherBackfill
from projections.projector.halt import Halted
from projections.projector.loss import CannotApply, HistoryWouldBeLost, stays_away
from projections.projector.patience import patiently
from projections.projector.projection import Projection
from projections.stream import StreamUnavailable


@click.command("backfill", epilog=examples("collector backfill", "collector backfill --data /srv/collector"))
@data_option
@click.option(
    "--projection",
    type=click.Choice([projection.name for projection in PROJECTIONS]),
    help="Compute this projection alone [all].",
)
@click.option(
    "--partition",
    type=click.IntRange(min=0),
    help="Work on this partition alone, and wait for the projectors of the others [all].",
)
@forward_option
@click.option(
    "--accept-loss",
    is_flag=True,
    help="Go on although the stream no longer holds every event that is counted; without it, what would be lost is said.",
)
def command(
    *,
    accept_loss: bool,
    projection: str | None,
    partition: int | None,
    forward_url: str,
    **options: str,
) -> None:
    """Compute the read models again from the event streams, also into an empty database.

    Postgres holds only what can be computed again, so this is the cure for a lost or doubtful database. The new tables grow
    beside the old ones, which the dashboard reads until the new ones are level with them; that takes as much disk again.
    Events go on being collected meanwhile. It may run beside `collector up`.

    With --forward it computes nothing and touches no table: it reads the streams and sends what they hold on, each event with
    its own id, so that whoever has it already has it once.
    """
    settings = settings_with(**options)
    if partition is not None and partition >= settings.stream.partitions:
        raise click.UsageError(
            f"there are {settings.stream.partitions} partition(s), numbered from 0; see COLLECTOR_PARTITIONS."
        )
    if forward_url:
        _forward(settings, forward_url, partition)
        return
    projections = [each for each in PROJECTIONS if projection in (None, each.name)]
    try:
        run_command(_backfill(settings, projections, partition, accept_loss=accept_loss))
    except _REFUSALS as error:
        raise ClickException(str(error)) from error
    except POSTGRES_ERRORS as error:
        why = advice_for(error).removesuffix("; trying again")
        raise ClickException(
            f"{why}. What is read stays complete; run `collector backfill` again once that is mended."
        ) from error


_REFUSALS = (HistoryWouldBeLost, CannotApply, AnotherBackfill, Halted, NotMigrated, StreamUnavailable, JetStreamError)


def _forward(settings: Settings, url: str, partition: int | None) -> None:
    endpoint = endpoint_at(url, settings)
    streams = WEB.streams(settings.stream.partitions)
    try:
        ended = run_command(_replay(settings, endpoint, streams if partition is None else [streams[partition]]))
    except (EndpointAway, *_REFUSALS) as error:
        again = "Run it again: what was forwarded is known there by its id"
        raise ClickException(f"{error}. {again}.") from error
    click.echo(said_of(ended), err=True)


async def _replay(settings: Settings, endpoint: Endpoint, streams: Sequence[EventStream]) -> Replayed:
    async with endpoints(settings) as (nats_url, _, _), endpoint:
        with _bar() as bar:
            task = bar.add_task("Forwarding", total=None)

            def show(progress: Replayed) -> None:
                bar.update(task, completed=progress.done, total=progress.total)

            return await replay(nats_url, streams, endpoint, report=show)


async def _backfill(settings: Settings, projections: Sequence[Projection], partition: int | None, *, accept_loss: bool) -> None:
    async with endpoints(settings) as (nats_url, database_url, _):
        await migrate(database_url)
        began = time.monotonic()
        with _bar() as bar:
            task = bar.add_task("Computing", total=None)

            def wait(why: str) -> None:
                what = f"Waiting: {why}" if why else "Computing"
                if why and not bar.tasks[0].description.startswith("Waiting"):
                    bar.console.print(what, soft_wrap=True)  # which is seen in a log, too, where there is no bar
                bar.update(task, description=what.partition(":")[0])

            def show(progress: rebuilding.Progress) -> None:
                wait(progress.waits)
                bar.update(task, completed=progress.done, total=progress.total)

            async with ControlKeeper(nats_url=nats_url, database_url=database_url) as decisions:
                await patiently(decisions.catch_up, wait)
            end = await rebuilding.backfill(
                nats_url=nats_url,
                database_url=database_url,
                clock=utc_now,
                projections=projections,
                partition=partition,
                partitions=settings.stream.partitions,
                accept_loss=accept_loss,
                report=show,
                tell=lambda loss: click.echo(loss, err=True),
            )
    seconds = time.monotonic() - began
    click.echo(f"Computed {end.total:,} events again in {seconds:.1f} s.{stays_away(end.erased)}", err=True)


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
