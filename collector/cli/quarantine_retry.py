"""`collector quarantine retry`: what was set aside is applied by the version that can read it, each event once."""

import sys
from typing import Any

import click

from collector.cli.options import data_option, examples, settings_with
from collector.cli.set_aside import Place, chosen, wanted_of
from collector.cli.terminal import run_command
from collector.failure import Failure
from collector.local.endpoints import endpoints
from collector.settings import Settings
from projections.projector.bringing_back import NotBroughtBack, Returned
from projections.projector.held import Wanted, held, retry
from projections.stream import StreamUnavailable


@click.command(
    "retry",
    epilog=examples(
        "collector quarantine retry",
        "collector quarantine retry EVENTS_WEB_0:17",
        "collector quarantine retry --site shop.example",
    ),
)
@data_option
@chosen
@click.argument("events", type=Place(), nargs=-1)
def command(*, events: tuple[tuple[str, int], ...], tenant: str, site: str, reason: str, contract: str, **options: Any) -> None:
    """Apply again the EVENTS that are set aside, or all that the options choose; what cannot be applied stays where it is.

    Each ends as it would have where it stands in the stream, so the numbers are those of a backfill. While a site has to be
    folded again for that, its projector waits. It exits with 3 when some are set aside still.
    """
    settings = settings_with(**options)
    wanted = wanted_of(events, tenant=tenant, site=site, reason=reason, contract=contract)
    done = run_command(_retried(settings, wanted))
    click.echo(_said(done))
    sys.exit(3 if done.still else 0)


async def _retried(settings: Settings, wanted: Wanted) -> Returned:
    async with endpoints(settings) as (nats_url, database_url, _):
        try:
            return await retry(nats_url, database_url, await held(database_url, wanted))
        except (NotBroughtBack, StreamUnavailable) as refusal:
            raise Failure(str(refusal)) from None


def _said(done: Returned) -> str:
    if not done.tried:
        return "Nothing of that is set aside."
    words = [f"{done.back:,} of {done.tried:,} are applied"]
    if done.refolded:
        words.append(f"{done.refolded:,} {'site was' if done.refolded == 1 else 'sites were'} folded again for it")
    if done.still:
        words.append(f"{done.still:,} cannot be applied by this version and stay set aside")
    if done.gone:
        words.append(f"{done.gone:,} are erased from the stream")
    return f"{'; '.join(words)}."
