"""`collector demo`: fills an empty site with a realistic month."""

from collections.abc import Callable, Iterable, Iterator
from datetime import timedelta
from functools import partial

import click
from rich.console import Console
from rich.progress import track

from collector.cli.clock import utc_now
from collector.cli.named_site import canonical_name, site_among, sites_known_to, where_to_look
from collector.cli.options import data_option, examples, settings_with
from collector.cli.terminal import run_command
from collector.failure import Failure
from collector.imports.delivery import open_delivery
from collector.imports.demo.month import Month
from collector.privacy.enrich.sources import Sources
from collector.settings import Settings
from collector.sites import Site
from collector.stream import connection as broker
from collector.stream.connection import Connection
from contracts.events import Fact
from contracts.jetstream import STREAM_NOT_FOUND, JetStreamError
from contracts.streams import stream_for, subject_of

_MOST_DAYS = 400
_LINES = 4


@click.command("demo", epilog=examples("collector demo", "collector demo --site shop.example --days 90"))
@click.option("--site", "site_name", default="demo.example", metavar="NAME", help="The site to fill [demo.example].")
@click.option("--days", type=click.IntRange(1, _MOST_DAYS), default=30, help="How many days, today included [30].")
@click.option("--seed", type=int, default=1, help="Another number, another month [1].")
@click.option("--force", is_flag=True, help="Add to a site that has events.")
@data_option
def command(site_name: str, days: int, seed: int, force: bool, **options: str) -> None:  # noqa: FBT001  # a click flag
    """Fill an empty site with a month of visits, made up but realistic, that ends now.

    The same seed makes the same days again, so running it twice with --force counts nothing twice. The events carry the batch
    name "demo". An event stream forgets nothing: try it on a site of its own, not on one that you will use.
    """
    settings = settings_with(**options)
    name = canonical_name(site_name)
    run_command(
        _fill(settings, name, partial(Month, seed=seed, days=days, now=utc_now(), sources=Sources()), adds_to_events=force)
    )


async def _fill(settings: Settings, name: str, month_of: Callable[..., Month], *, adds_to_events: bool) -> None:
    async with open_delivery(settings) as delivery:
        month = month_of(site=site_among(await sites_known_to(delivery.client, settings), name))
        if not adds_to_events and await holds_events(delivery.client, month.site, partitions=settings.stream.partitions):
            raise Failure(
                f"{month.site.id} has events already, and the demo's would be among them for good. "
                "Name another site with --site, or add to this one with --force."
            )
        for events in _shown(month):
            for event in events:
                await delivery.send(event)
        await delivery.finish()
    there = delivery.known + delivery.unclear
    known = f" {there:,} were there already." if there else ""
    click.echo(f"{month.site.id} has {delivery.stored:,} new events of {month.days} days.{known}")
    today = month.now.date()
    click.echo(where_to_look(settings, month.site.id, today - timedelta(days=month.days - 1), today))


def _shown(month: Month) -> Iterable[Iterable[Fact]]:
    """Return the days of *month*, and show how far they are: by a bar, or where nobody sees one by a line now and then."""
    console = Console(stderr=True)
    if console.is_terminal:
        return track(month.by_day(), "Inventing", total=month.days, console=console, transient=True)
    return _told(month)


def _told(month: Month) -> Iterator[Iterable[Fact]]:
    step = max(month.days // _LINES, 1)
    for number, events in enumerate(month.by_day()):
        if number % step == 0:
            click.echo(f"Inventing {month.days} days for {month.site.id}: {number} done ...", err=True)
        yield events


async def holds_events(client: Connection, site: Site, *, partitions: int) -> bool:
    """Say whether the stream has any event of *site*."""
    stream = stream_for("web", site.tenant, site.id, partitions=partitions)
    request = {"subjects_filter": subject_of("web", site.tenant, site.id, "*")}
    try:
        state = (await broker.ask(client, f"STREAM.INFO.{stream.name}", request)).state
    except JetStreamError as error:
        if error.err_code == STREAM_NOT_FOUND:  # it is made with the first event
            return False
        raise
    return bool(state.subjects)
