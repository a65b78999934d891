"""`collector quarantine list`: what is set aside, why, and how much of it."""

from collections import Counter
from typing import Any

import click

from collector.cli.deciding import asked, show_all
from collector.cli.options import examples, settings_with
from collector.cli.set_aside import chosen, line_of, wanted_of
from collector.cli.terminal import run_command
from collector.local.endpoints import endpoints
from collector.settings import Settings
from projections.projector.held import Held, Wanted, held


@click.command(
    "list",
    epilog=examples("collector quarantine list", "collector quarantine list --site shop.example --reason unknown_type --json"),
)
@chosen
@click.option("--limit", default=100, show_default=True, type=click.IntRange(1, 100_000), help="How many events to list.")
@asked
def command(*, tenant: str, site: str, reason: str, contract: str, limit: int, as_json: bool, **options: Any) -> None:
    """List the events that are set aside, by where they stand in the stream, and count them by reason and contract.

    What was left out by a decision has the reason left_out.
    """
    settings = settings_with(**options)
    wanted = wanted_of(tenant=tenant, site=site, reason=reason, contract=contract)
    found = run_command(_held(settings, wanted))
    columns = ("event", "received", "tenant", "site", "reason", "contract")
    if found or as_json:
        show_all([line_of(one) for one in found[:limit]], *columns, as_json=as_json)
    click.echo(_counted(found, limit), err=True)


async def _held(settings: Settings, wanted: Wanted) -> list[Held]:
    async with endpoints(settings) as (_, database_url, _):
        return await held(database_url, wanted)


def _counted(found: list[Held], limit: int) -> str:
    if not found:
        return "Nothing is set aside."
    classes = Counter((one.pointer.reason.value, one.pointer.contract or "of no known contract") for one in found)
    listed = "; ".join(f"{number:,} {reason} ({contract})" for (reason, contract), number in classes.most_common())
    more = f" The first {limit:,} are listed." if len(found) > limit else ""
    return f"{len(found):,} set aside: {listed}.{more}"
