"""What `--forward` of two commands shares: where to, the secret that is shown there, and what is said in the end."""

import click

from collector.settings import Settings
from projections.forwarding.endpoint import Endpoint
from projections.forwarding.replay import Replayed

forward_option = click.option(
    "--forward",
    "forward_url",
    default="",
    metavar="URL",
    help="Send page views and events on to this address in Flowcore's form, with COLLECTOR_FORWARD_SECRET as X-Secret.",
)


def endpoint_at(url: str, settings: Settings) -> Endpoint:
    """Return the endpoint at *url*, or raise UsageError when it is no address or there is no secret to show."""
    if not url.startswith(("http://", "https://")):
        raise click.UsageError("--forward takes an address such as https://other.example/api/transformer.")
    if settings.forwarding.secret is None:
        raise click.UsageError("--forward needs COLLECTOR_FORWARD_SECRET, which is shown there as X-Secret.")
    return Endpoint(url, settings.forwarding.secret)


def said_of(ended: Replayed) -> str:
    """Return how the facts ended, as one sentence."""
    refused = f" {ended.refused:,} were refused by the endpoint, and left out." if ended.refused else ""
    skipped = f" {ended.skipped:,} are of kinds that Flowcore's form has no place for." if ended.skipped else ""
    return f"Forwarded {ended.forwarded:,} events.{refused}{skipped}"
