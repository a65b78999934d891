"""`collector ledger check`: whether everything that was received is accounted for, with an exit status for scripts."""

import sys
from typing import Final

import click

from collector.cli.checks.finding import Severity, printed
from collector.cli.checks.ledger import DAYS, examine_ledger
from collector.cli.named_site import canonical_name
from collector.cli.options import data_option, examples, settings_with
from collector.cli.terminal import run_command
from collector.local.endpoints import endpoints
from collector.settings import Settings

_STATUS: Final = {Severity.BAD: 1, Severity.ODD: 3, Severity.GOOD: 0}


@click.command("check", epilog=examples("collector ledger check", "collector ledger check --site shop.example --days 31"))
@data_option
@click.option("--days", default=DAYS, show_default=True, type=click.IntRange(1, 31), help="How many UTC days, today included.")
@click.option("--site", default="", metavar="NAME", help="Only this site.")
@click.option("--tenant", default="", metavar="NAME", help="Only this tenant's accounts.")
def command(*, days: int, site: str, tenant: str, **options: str) -> None:
    """Hold what was received against what is in the streams, hour by hour, and name the first hour that does not add up.

    It exits with 0 when everything adds up, with 1 when an hour does not, and with 3 when what cannot be known is all that is
    wrong: an ingest process that never said that it ended, or hours of which nobody has told.
    """
    settings = settings_with(**options)
    sys.exit(run_command(_check(settings, days, tenant=tenant, site=canonical_name(site) if site else "")))


async def _check(settings: Settings, days: int, *, tenant: str, site: str) -> int:
    found: set[Severity] = set()
    async with endpoints(settings) as (_, database_url, _):
        async for finding in examine_ledger(settings, database_url, days=days, tenant=tenant, site=site):
            click.echo(printed(finding))
            found.add(finding.severity)
    return next((status for severity, status in _STATUS.items() if severity in found), 0)
