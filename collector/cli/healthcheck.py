"""`collector healthcheck`: for a container's HEALTHCHECK, where there is no curl."""

import sys

import click

from collector.cli.options import examples, listen_options, settings_with
from collector.local.probe import ask

_OK = 200


@click.command(
    "healthcheck", epilog=examples('HEALTHCHECK CMD ["collector", "healthcheck"]', "collector healthcheck --projector")
)
@listen_options
@click.option("--projector", is_flag=True, help="Ask the projector, on COLLECTOR_PROJECTOR_PORT.")
def command(host: str | None, port: int | None, projector: bool) -> None:  # noqa: FBT001  # a click flag
    """Ask a role on this machine whether it is ready; exit with 0 when it is and with 1 when it is not."""
    settings = settings_with(host=host, port=port)
    status, body = ask(settings.host, port or (settings.projector_port if projector else settings.port), "/healthz")
    click.echo(body)
    sys.exit(0 if status == _OK else 1)
