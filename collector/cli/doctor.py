"""`collector doctor`: what is wrong, and what to do about it."""

import sys
from collections.abc import AsyncIterator

import click

from collector.cli.checks.clocks import examine_clocks
from collector.cli.checks.control import examine_control
from collector.cli.checks.database import examine_database
from collector.cli.checks.decisions import examine_decisions
from collector.cli.checks.erasure import examine_erasure
from collector.cli.checks.finding import Finding, Severity, bad, printed
from collector.cli.checks.ledger import examine_ledger
from collector.cli.checks.machine import examine_disk, examine_roles, examine_settings
from collector.cli.checks.mistakes import examine_mistakes
from collector.cli.checks.page import examine_page
from collector.cli.checks.salt import examine_copies
from collector.cli.checks.sink import examine_sink
from collector.cli.checks.stream import examine_stream
from collector.cli.checks.tallies import examine_tallies
from collector.cli.checks.vault import examine_vault
from collector.cli.options import data_option, examples, settings_with
from collector.cli.terminal import run_command
from collector.failure import Failure
from collector.local.directory import running
from collector.local.endpoints import endpoints
from collector.settings import Settings


@click.command(
    "doctor",
    epilog=examples(
        "collector doctor", "collector doctor && echo all is well", "collector doctor --page https://shop.example/"
    ),
)
@data_option
@click.option("--page", metavar="ADDRESS", help="Look at this page of a site instead: its snippet, and what keeps it out.")
def command(page: str | None, **options: str) -> None:
    """Check settings, disk, NATS, streams, vault, Postgres, the projector, the clock and what was not stored; say what to do.

    It exits with 1 when something is broken. Where nothing runs now it starts the embedded servers for the time of the check.
    With --page it fetches that page, as a browser would, and says whether it carries the snippet for a site that is collected
    for, and whether its Content-Security-Policy lets the snippet load and send.
    """
    settings = settings_with(**options)
    sys.exit(1 if run_command(_examine(_findings(settings) if page is None else _of_page(settings, page))) else 0)


async def _examine(findings: AsyncIterator[Finding]) -> int:
    broken = 0
    async for finding in findings:
        click.echo(printed(finding))
        broken += finding.severity is Severity.BAD
    return broken


async def _of_page(settings: Settings, address: str) -> AsyncIterator[Finding]:
    for finding in await examine_page(settings, address):
        yield finding


async def _findings(settings: Settings) -> AsyncIterator[Finding]:
    yield examine_settings(settings)
    yield examine_disk(settings)
    for finding in examine_roles(settings, running(settings.local.data.absolute())):
        yield finding
    try:
        async with endpoints(settings) as (nats_url, database_url, monitor_url):
            for room in (
                examine_stream(settings, nats_url, monitor_url),
                examine_copies(settings, nats_url),
                examine_vault(settings, nats_url),
                examine_control(settings, nats_url),
                examine_erasure(nats_url),
                examine_database(database_url, nats_url, partitions=settings.stream.partitions),
                examine_decisions(database_url, nats_url),
                examine_clocks(database_url, nats_url),
                examine_sink(settings, database_url, nats_url),
                examine_tallies(settings, database_url),
                examine_ledger(settings, database_url),
                examine_mistakes(settings, database_url),
            ):
                async for finding in room:
                    yield finding
    except Failure as failure:
        yield bad("Servers", str(failure), "See above; or set COLLECTOR_NATS_URL and COLLECTOR_DATABASE_URL to your own.")
