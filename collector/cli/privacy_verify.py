"""`collector privacy verify`: what is stored, where the salt is, and whether anybody can be found in any of it."""

import sys
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import contextmanager

import click
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from collector.cli.checks.finding import Finding, Severity, bad, printed
from collector.cli.checks.logs import examine_logs
from collector.cli.checks.messages import examine_streams
from collector.cli.checks.salt import examine_salt
from collector.cli.checks.tables import examine_tables
from collector.cli.clock import utc_now
from collector.cli.options import data_option, examples, settings_with
from collector.cli.terminal import run_command
from collector.failure import Failure
from collector.local.endpoints import endpoints
from collector.settings import Settings
from collector.stream import connection as broker
from collector.stream.connection import UNREACHABLE
from contracts.jetstream import JetStreamError

SAMPLE = 10_000


@click.command("verify", epilog=examples("collector privacy verify", "collector privacy verify --all --data /srv/collector"))
@data_option
@click.option("--all", "everything", is_flag=True, help=f"Search everything, not just {SAMPLE:,} of each stream and table.")
def command(everything: bool, **options: str) -> None:  # noqa: FBT001  # a click flag
    """Show what is stored, and search it for anybody in it.

    It lists every stream and table with its fields, says where the day's salt is and how old, and searches messages, rows and
    logs for what looks like an IP address, an e-mail address or a user agent. It prints counts and places, never a value, and
    exits with 1 when there is something to do.
    """
    settings = settings_with(**options)
    sys.exit(1 if run_command(_verify(settings, None if everything else SAMPLE)) else 0)


async def _verify(settings: Settings, limit: int | None) -> int:
    if sys.stderr.isatty():
        with _progress() as show:
            findings = [finding async for finding in _findings(settings, limit, show)]
        return sum([_told(finding) for finding in findings])
    # Without a bar each is told as soon as it is known.
    click.echo(f"Searching {'everything' if limit is None else f'up to {limit:,} of each stream and table'} ...", err=True)
    return sum([_told(finding) async for finding in _findings(settings, limit, lambda *_: None)])


def _told(finding: Finding) -> bool:
    """Print *finding*, and say whether there is something to do."""
    click.echo(printed(finding))
    return finding.severity is Severity.BAD


async def _findings(settings: Settings, limit: int | None, show: Callable[[int, int], None]) -> AsyncIterator[Finding]:
    async with endpoints(settings) as (nats_url, database_url, _):
        client = await broker.connect(nats_url, on_loss=lambda: None)
        try:
            if not client.is_connected:
                raise Failure("NATS cannot be reached. Is it running? Try: collector doctor")
            for finding in await examine_salt(client, settings, utc_now()):
                yield finding
            async for finding in examine_streams(client, limit=limit, progress=show):
                yield finding
        except (JetStreamError, *UNREACHABLE):
            yield bad("Streams", "could not be searched: JetStream refuses or does not answer", "Try: collector doctor")
        finally:
            await broker.disconnect(client)
        async for finding in examine_tables(database_url, limit=limit, progress=show):
            yield finding
    yield examine_logs(settings.local.data.absolute())


@contextmanager
def _progress() -> Iterator[Callable[[int, int], None]]:
    columns = (TextColumn("Searching"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("", total=None)
        yield lambda done, total: bar.update(task, completed=done, total=total)
