"""`collector quarantine drop`: events that were set aside are left out of every number for good, by a decision that is kept."""

from collections import defaultdict
from typing import Any

import click

from collector.cli.deciding import BY, deciding, told
from collector.cli.options import data_option, examples, settings_with
from collector.cli.set_aside import Place, chosen, wanted_of
from collector.cli.terminal import run_command
from collector.local.endpoints import endpoints
from collector.settings import Settings
from projections.projector.held import Held, Wanted, held
from projections.stream.item import Reason

_WHAT_FOLLOWS = """\
{number} are left out of every number, whatever version reads them, in every rebuild. They stay in the stream, and the ledger
shows them as left out by decision. There is no way back.
"""


@click.command(
    "drop",
    epilog=examples("collector quarantine drop EVENTS_WEB_0:17", "collector quarantine drop --reason undecodable --yes"),
)
@data_option
@chosen
@click.option("--yes", is_flag=True, help="Do not ask.")
@click.argument("events", type=Place(), nargs=-1)
def command(
    *, events: tuple[tuple[str, int], ...], tenant: str, site: str, reason: str, contract: str, yes: bool, **options: Any
) -> None:
    """Leave out for good the EVENTS that are set aside, or all that the options choose."""
    if not (events or tenant or site or reason or contract):
        raise click.UsageError("name events, or choose some with --site, --reason, --contract or --tenant")
    wanted = wanted_of(events, tenant=tenant, site=site, reason=reason, contract=contract)
    found = [one for one in run_command(_held(settings_with(**options), wanted)) if one.pointer.reason is not Reason.LEFT_OUT]
    if not found:
        click.echo("Nothing of that is set aside.")
        return
    number = "1 event" if len(found) == 1 else f"{len(found):,} events"
    if not yes:
        click.echo(_WHAT_FOLLOWS.format(number=number), err=True)
        click.confirm("Leave them out?", abort=True, err=True)
    _decide(found, **options)
    click.echo(f"{number}: left out as soon as the projector has heard of it.")


def _decide(found: list[Held], **options: Any) -> None:
    by_stream: dict[str, list[int]] = defaultdict(list)
    for one in found:
        by_stream[one.stream].append(one.pointer.seq)
    with deciding(told(**options)) as plane:
        for stream, seqs in by_stream.items():
            plane.quarantine.leave_out(stream, seqs, by=BY)


async def _held(settings: Settings, wanted: Wanted) -> list[Held]:
    async with endpoints(settings) as (_, database_url, _):
        return await held(database_url, wanted)
