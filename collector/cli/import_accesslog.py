"""`collector import accesslog`: reads log files, shows how far it is, and tells what it did."""

import re
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import click
from click import UsageError
from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn

from collector.cli.clock import utc_now
from collector.cli.named_site import site_named, where_to_look
from collector.cli.options import data_option, examples, settings_with
from collector.cli.terminal import run_command
from collector.imports.accesslog.bring import Send, bring_in
from collector.imports.accesslog.read import STANDARD_INPUT, Unreadable, size_of
from collector.imports.accesslog.skip import SkipReason
from collector.imports.accesslog.summary import Summary
from collector.imports.accesslog.walk import DEFAULT_BATCH, LogWalk
from collector.imports.delivery import open_delivery
from collector.privacy.enrich.lists import Lists
from collector.settings import Mode, Settings
from collector.sites import Site, sites_of
from contracts.events import WebEvent

_MOST_LINKS = 10  # a server of many hosts has many sites


class BatchName(click.ParamType[str]):
    """The name of an import."""

    name = "NAME"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """Return the name."""
        if re.fullmatch(r"[A-Za-z0-9._-]{1,80}", str(value)) is None:
            self.fail("use 1 to 80 letters, digits, dots, dashes and underscores", param, ctx)
        return str(value)


@click.command(
    "accesslog",
    epilog=examples(
        "collector import accesslog /var/log/nginx/access.log --site shop.example",
        "collector import accesslog access.log access.log.1 access.log.2.gz --site shop.example",
        "zcat old/*.gz | collector import accesslog - --site shop.example --dry-run",
    ),
)
@click.argument(
    "files",
    nargs=-1,
    required=True,
    metavar="FILE...",
    type=click.Path(exists=True, dir_okay=False, readable=True, allow_dash=True, path_type=Path),
)
@click.option("--site", "site_name", metavar="NAME", help="The site of every line; otherwise the line's virtual host is.")
@click.option("--batch", type=BatchName(), help="What the import is called in its events [accesslog-SITE].")
@click.option("--dry-run", is_flag=True, help="Read and tell, but store nothing.")
@data_option
def command(files: tuple[Path, ...], site_name: str | None, batch: str | None, dry_run: bool, **options: str) -> None:  # noqa: FBT001  # a click flag
    """Turn a web server's access log into events with their own times.

    FILE is a log in the common or combined format of Apache or nginx, plain or gzipped, or - for standard input. Pages that
    were answered become pageviews and files to keep become downloads; images, feeds, errors and the like are left out.
    Robots are kept with their verdict.

    Importing twice changes nothing, and an import that was cut off is completed by the same command. Visitors are hashed with
    random salts that live only as long as the command, so whoever comes on a day of two imports counts as two. Import the
    logs of one site together, the oldest first.
    """
    if STANDARD_INPUT in files and sys.stdin.isatty():
        raise UsageError("standard input is a terminal; pipe a log into the command, or name a file")
    settings = settings_with(**options)
    site = site_named(settings, site_name) if site_name else _only_site(settings)
    walk = LogWalk(
        site=site,
        sites=sites_of(settings.collection),
        lists=Lists.load(mmdb=settings.privacy.mmdb),
        batch=batch or DEFAULT_BATCH,
        clock=utc_now,
    )
    run_command(_try_out(files, walk) if dry_run else _import(settings, files, walk))


async def _import(settings: Settings, files: tuple[Path, ...], walk: LogWalk) -> None:
    summary = Summary()
    damage: Unreadable | None = None
    async with open_delivery(settings) as delivery:
        try:
            await _read(files, walk, delivery.send, summary)
        except Unreadable as error:
            damage = error
        await delivery.finish()
    _tell(summary, walk)
    _show(delivery.tell())
    click.echo()
    for name, (first, last) in sorted(summary.days.items())[:_MOST_LINKS]:
        click.echo(where_to_look(settings, name, first, last))
    _refuse_what_nobody_wants(summary)
    if damage is not None:
        raise damage


async def _try_out(files: tuple[Path, ...], walk: LogWalk) -> None:
    summary = Summary()

    async def keep_nothing(_: WebEvent) -> None:
        pass

    await _read(files, walk, keep_nothing, summary)
    _tell(summary, walk)
    click.echo("Nothing was stored: this was a dry run.")
    _refuse_what_nobody_wants(summary)


async def _read(files: tuple[Path, ...], walk: LogWalk, send: Send, summary: Summary) -> None:
    columns = (TextColumn("{task.description}"), BarColumn(), DownloadColumn(), TimeRemainingColumn())
    console = Console(stderr=True)
    with Progress(*columns, console=console, disable=not console.is_terminal, transient=True) as bar:
        task = bar.add_task("Importing", total=size_of(files))
        await bring_in(files, walk=walk, send=send, summary=summary, advance=lambda size: bar.advance(task, size))


def _tell(summary: Summary, walk: LogWalk) -> None:
    _show(summary.rows())
    if walk.without_user_agents:
        click.echo(
            f"{walk.without_user_agents:>12,}  of the lines hold no user agent: robots cannot be told from people in them, "
            "nor people who share an address from each other"
        )


def _show(rows: Iterable[tuple[int, str]]) -> None:
    for number, words in rows:
        click.echo(f"{number:>12,}  {words}")


def _refuse_what_nobody_wants(summary: Summary) -> None:
    if summary.events == 0 and summary.skipped[SkipReason.SITE]:
        raise UsageError("no line names a site that we collect for. Say whose log it is: --site shop.example")
    if summary.lines and summary.skipped[SkipReason.MALFORMED] == summary.lines:
        raise UsageError("no line is in the common or combined log format of Apache or nginx; is it an access log?")


def _only_site(settings: Settings) -> Site | None:
    """Return the site of lines that name none: the one that production lists; in development it could be any."""
    return sites_of(settings.collection).only() if settings.collection.mode is Mode.PRODUCTION else None
