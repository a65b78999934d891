"""`collector import accesslog`: reads log files, shows how far it is, and tells what it did."""

import re
import sys
from collections.abc import Callable, Iterable
from functools import partial
from pathlib import Path
from typing import Any

import click
from click import UsageError
from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn

from collector.cli.clock import utc_now
from collector.cli.named_site import MOST_LINKS, canonical_name, site_among, sites_at_hand, sites_known_to, where_to_look
from collector.cli.options import data_option, examples, settings_with
from collector.cli.terminal import run_command
from collector.imports.accesslog.bring import Send, bring_in
from collector.imports.accesslog.formats import Format
from collector.imports.accesslog.notes import notes_on
from collector.imports.accesslog.read import STANDARD_INPUT, Unreadable, size_of
from collector.imports.accesslog.skip import NO_LINE, SkipReason
from collector.imports.accesslog.summary import Summary
from collector.imports.accesslog.walk import DEFAULT_BATCH, LogWalk
from collector.imports.delivery import open_delivery
from collector.privacy.client_ip import TrustedProxies
from collector.privacy.enrich.lists import Lists
from collector.settings import Mode, Settings
from collector.sites import Site, Sites
from contracts.events import WebEvent

_NO_PROXY = "none"
_LINE_WIDTH = 100


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
        "collector import accesslog caddy.log --site shop.example --format caddy",
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
@click.option(
    "--format",
    "kind",
    type=click.Choice([kind.value for kind in Format]),
    default=Format.AUTO.value,
    help="What the lines are in; otherwise each is looked at.",
)
@click.option(
    "--trusted-proxy",
    "proxies",
    multiple=True,
    metavar="NETWORK",
    help="A proxy of yours whose X-Forwarded-For is believed; none for none [COLLECTOR_TRUSTED_PROXIES].",
)
@click.option("--batch", type=BatchName(), help="What the import is called in its events [accesslog-SITE].")
@click.option("--dry-run", is_flag=True, help="Read and tell, but store nothing.")
@data_option
def command(
    files: tuple[Path, ...],
    *,
    site_name: str | None,
    kind: str,
    proxies: tuple[str, ...],
    batch: str | None,
    dry_run: bool,
    **options: str,
) -> None:
    """Turn a web server's access log into events with their own times.

    FILE is a log of nginx, Apache, Caddy, Traefik, Varnish, lighttpd, IIS or CloudFront, plain or gzipped, or - for standard
    input: lines in the common or combined format or built upon it, JSON, or named columns, also behind what syslog, Docker,
    compose or Kubernetes write in front. Pages that were answered become pageviews and files to keep become downloads; images,
    feeds, errors and the like are left out. Robots are kept with their verdict.

    Who asked is the address in the line, or, where that is a proxy that you trust, the nearest in its X-Forwarded-For that is
    none. A line that does not tell is left out.

    Importing twice changes nothing, and an import that was cut off is completed by the same command. A log is known again,
    also when it has grown or has another name, and the log of a second server counts beside it; of one that was cut or joined
    elsewhere since, a few hundred lines behind the cut may count again. Visitors are hashed with random salts that live only
    as long as the command, so whoever comes on a day of two imports counts as two. Import the logs of one site together, the
    oldest first.
    """
    if STANDARD_INPUT in files and sys.stdin.isatty():
        raise UsageError("standard input is a terminal; pipe a log into the command, or name a file")
    settings = settings_with(trusted_proxies=_trusted(proxies), **options)
    name = canonical_name(site_name) if site_name else None
    walk_for = partial(_walk_for, settings, name, batch or DEFAULT_BATCH, Format(kind))
    run_command(_try_out(settings, files, walk_for) if dry_run else _import(settings, files, walk_for))


def _walk_for(settings: Settings, name: str | None, batch: str, kind: Format, sites: Sites) -> LogWalk:
    return LogWalk(
        site=_only_site(settings, sites) if name is None else site_among(sites, name),
        sites=sites,
        lists=Lists.load(mmdb=settings.privacy.mmdb),
        batch=batch,
        kind=kind,
        trusted=TrustedProxies.parse(settings.http.trusted_proxies),
        clock=utc_now,
    )


async def _import(settings: Settings, files: tuple[Path, ...], walk_for: Callable[[Sites], LogWalk]) -> None:
    summary = Summary()
    damage: Unreadable | None = None
    async with open_delivery(settings) as delivery:
        walk = walk_for(await sites_known_to(delivery.client, settings))
        try:
            await _read(files, walk, delivery.send, summary)
        except Unreadable as error:
            damage = error
        await delivery.finish()
    _refuse_what_nobody_wants(summary, damage)
    _show((*summary.rows(walk.crowd), *delivery.tell()))
    _note(summary, walk)
    click.echo()
    for name, (first, last) in sorted(summary.days.items())[:MOST_LINKS]:
        click.echo(where_to_look(settings, name, first, last))
    if damage is not None:
        raise damage


async def _try_out(settings: Settings, files: tuple[Path, ...], walk_for: Callable[[Sites], LogWalk]) -> None:
    summary = Summary()
    walk = walk_for(await sites_at_hand(settings))

    async def keep_nothing(_: WebEvent) -> None:
        pass

    await _read(files, walk, keep_nothing, summary)
    _refuse_what_nobody_wants(summary, None)
    _show(summary.rows(walk.crowd))
    _note(summary, walk)
    click.echo("\nNothing was stored: this was a dry run.")


async def _read(files: tuple[Path, ...], walk: LogWalk, send: Send, summary: Summary) -> None:
    columns = (TextColumn("{task.description}"), BarColumn(), DownloadColumn(), TimeRemainingColumn())
    console = Console(stderr=True)
    with Progress(*columns, console=console, disable=not console.is_terminal, transient=True) as bar:
        task = bar.add_task("Importing", total=size_of(files))
        await bring_in(files, walk=walk, send=send, summary=summary, advance=lambda size: bar.advance(task, size))


def _show(rows: Iterable[tuple[int, str]]) -> None:
    for number, words in rows:
        click.echo(f"{number:>12,}  {words}")


def _note(summary: Summary, walk: LogWalk) -> None:
    for number, words in notes_on(summary, walk):
        click.echo(f"\n{click.wrap_text(f'{number:,} {words}.', width=_LINE_WIDTH)}")


def _refuse_what_nobody_wants(summary: Summary, damage: Unreadable | None) -> None:
    if damage is not None and summary.lines == 0:
        raise damage
    if summary.skipped[SkipReason.COMMENT] == summary.lines:
        raise UsageError("the log is empty: it holds no request to import. Is it the right file, or was it rotated just now?")
    if summary.events == 0 and summary.skipped[SkipReason.SITE]:
        raise UsageError("no line names a site that we collect for. Say whose log it is: --site shop.example")
    if sum(summary.skipped[reason] for reason in NO_LINE) == summary.lines:
        raise UsageError(
            "no line is in a format that is read; is it an access log? Those of nginx, Apache, Caddy, Traefik, Varnish, "
            f"lighttpd, IIS and CloudFront are read by themselves, and --format names one: {', '.join(Format)}"
        )


def _trusted(proxies: tuple[str, ...]) -> str | None:
    """Return the setting that the options make, None where there are none and the environment's holds."""
    if not proxies:
        return None
    return ",".join(proxy for proxy in proxies if proxy.strip().lower() != _NO_PROXY)


def _only_site(settings: Settings, sites: Sites) -> Site | None:
    """Return the site of lines that name none: the only one of production; in development it could be any."""
    return sites.only() if settings.collection.mode is Mode.PRODUCTION else None
