"""`collector backfill`: the read models, computed again from the event streams."""

import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import click
import msgspec
from click import ClickException
from msgspec import Struct
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
from collector.cli.differences import Found
from collector.cli.forwarding import endpoint_at, forward_option, said_of
from collector.cli.named_site import canonical_name
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
from projections.projector.garbage import look_less
from projections.projector.halt import Halted
from projections.projector.loss import CannotApply, HistoryWouldBeLost, stays_away
from projections.projector.one_site import OneSite, UnknownSite, remake
from projections.projector.patience import patiently
from projections.projector.projection import Projection
from projections.projector.shares import ShareLost
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
@click.option(
    "--site",
    default="",
    metavar="NAME",
    help="Compute this site's rows alone, by its name in `collector sites list`; its new events wait meanwhile [all].",
)
@click.option(
    "--dry-run", is_flag=True, help="Only compare: say what would change, and change nothing [exit status 4: it would]."
)
@click.option(
    "--report",
    type=click.Path(dir_okay=False, writable=True, path_type=Path),
    help="Write every number that differs to this file, as CSV.",
)
@click.option("--json", "as_json", is_flag=True, help="One JSON document a line: each number that differs, then the end.")
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
    site: str,
    dry_run: bool,
    report: Path | None,
    as_json: bool,
    forward_url: str,
    **options: str,
) -> None:
    """Compute the read models again from the event streams, also into an empty database.

    Postgres holds only what can be computed again, so this is the cure for a lost or doubtful database. The new tables grow
    beside the old ones, which the dashboard reads until the new ones are level with them; that takes as much disk again.
    Events go on being collected meanwhile. It may run beside `collector up`. Before they are read, every number and every row
    of them is compared with what is read, and what differs is said, by site and day.

    With --forward it computes nothing and touches no table: it reads the streams and sends what they hold on, each event with
    its own id, so that whoever has it already has it once.
    """
    spares = bool(dry_run or site)
    _refuse_together(loses=accept_loss, spares=spares)
    settings = settings_with(**options)
    _refuse_partition(settings, partition, is_whole=spares)
    if forward_url:
        _refuse_to_compute(projection, spares, report, as_json, accept_loss)
        _forward(settings, forward_url, partition)
        return
    asked = _Asked(
        projections=[each for each in PROJECTIONS if projection in (None, each.name)],
        partition=partition,
        site=canonical_name(site) if site else "",
        purpose=rebuilding.Purpose.COMPARE if dry_run else rebuilding.Purpose.REPLACE,
        accept_loss=accept_loss,
    )
    _carry_out(settings, asked, found := _found_in(report, as_json=as_json))
    if dry_run and found.differences:
        sys.exit(DIFFERS)


def _refuse_together(*, loses: bool, spares: bool) -> None:
    if loses and spares:
        raise click.UsageError("--dry-run and --site lose nothing: leave --accept-loss out.")


def _refuse_to_compute(*asked: object) -> None:
    if any(asked):
        raise click.UsageError("--forward computes nothing: only --partition goes with it; leave the other options out.")


def _refuse_partition(settings: Settings, partition: int | None, *, is_whole: bool) -> None:
    if partition is not None and partition >= settings.stream.partitions:
        raise click.UsageError(
            f"there are {settings.stream.partitions} partition(s), numbered from 0; see COLLECTOR_PARTITIONS."
        )
    if partition is not None and is_whole:
        raise click.UsageError("--partition goes with neither --dry-run nor --site; leave one of them out.")


def _found_in(report: Path | None, *, as_json: bool) -> Found:
    try:
        return Found(as_json=as_json, report=report)
    except OSError as error:
        raise click.UsageError("--report cannot be written there; name a file in a folder that there is.") from error


def _carry_out(settings: Settings, asked: "_Asked", found: Found) -> None:
    try:
        run_command(_backfill(settings, asked, found))
    except _REFUSALS as error:
        raise ClickException(str(error)) from error
    except POSTGRES_ERRORS as error:
        why = advice_for(error).removesuffix("; trying again")
        raise ClickException(
            f"{why}. What is read stays complete; run `collector backfill` again once that is mended."
        ) from error


class _Asked(Struct, frozen=True, kw_only=True):
    """What is to be computed again, and what for."""

    projections: Sequence[Projection]
    partition: int | None
    site: str
    purpose: rebuilding.Purpose
    accept_loss: bool


DIFFERS = 4
_REFUSALS = (
    ShareLost,
    HistoryWouldBeLost,
    CannotApply,
    AnotherBackfill,
    UnknownSite,
    Halted,
    NotMigrated,
    StreamUnavailable,
    JetStreamError,
)


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


async def _backfill(settings: Settings, asked: _Asked, found: Found) -> None:
    async with endpoints(settings) as (nats_url, database_url, _):
        await migrate(database_url)
        look_less()
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
            urls = {"nats_url": nats_url, "database_url": database_url}
            end = await (_of_site(settings, asked, found, urls) if asked.site else _whole(settings, asked, found, urls, show))
    _say_end(end, asked, found, time.monotonic() - began)


async def _whole(
    settings: Settings,
    asked: _Asked,
    found: Found,
    urls: dict[str, str],
    show: Callable[[rebuilding.Progress], None],
) -> rebuilding.Progress:
    return await rebuilding.backfill(
        nats_url=urls["nats_url"],
        database_url=urls["database_url"],
        clock=utc_now,
        projections=asked.projections,
        partition=asked.partition,
        partitions=settings.stream.partitions,
        accept_loss=asked.accept_loss,
        purpose=asked.purpose,
        compare=found.compare,
        report=show,
        tell=lambda loss: click.echo(loss, err=True),
    )


async def _of_site(settings: Settings, asked: _Asked, found: Found, urls: dict[str, str]) -> rebuilding.Progress:
    one = OneSite(
        tenant=settings.collection.tenant,
        site=asked.site,
        nats_url=urls["nats_url"],
        database_url=urls["database_url"],
        partitions=settings.stream.partitions,
        purpose=asked.purpose,
        compare=found.compare,
    )
    return await remake(asked.projections, one)


def _say_end(end: rebuilding.Progress, asked: _Asked, found: Found, seconds: float) -> None:
    done = _DONE[asked.purpose].format(f"{end.total:,}", f"{seconds:.1f}")
    click.echo(f"{done}{stays_away(end.erased)}", err=True)
    if found.as_json:
        counted = {"events": end.total, "erased": end.erased, "seconds": seconds, "differences": len(found.differences)}
        click.echo(msgspec.json.encode(counted | {"purpose": asked.purpose}).decode())


_DONE = {
    rebuilding.Purpose.REPLACE: "Computed {} events again in {} s.",
    rebuilding.Purpose.COMPARE: "Compared what {} events make in {} s, and changed nothing.",
}


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
