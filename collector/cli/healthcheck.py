"""`collector healthcheck`: for a container's HEALTHCHECK, where there is no curl."""

import sys

import click

from collector.cli.options import asking_options, examples, role_settings
from collector.local.probe import ask
from collector.settings import HealthcheckSettings

_OK = 200


@click.command(
    "healthcheck", epilog=examples('HEALTHCHECK CMD ["collector", "healthcheck"]', "collector healthcheck --projector")
)
@asking_options
@click.option("--projector", is_flag=True, help="Ask the projector, on COLLECTOR_PROJECTOR_PORT.")
@click.option("--live", is_flag=True, help="Ask only whether it runs, whatever it depends on.")
def command(*, host: str | None, port: int | None, projector: bool, live: bool) -> None:
    """Ask a role on this machine whether it is ready; exit with 0 when it is and with 1 when it is not.

    Where something restarts what is unhealthy, use --live for ingest: it loses the day's salt with every restart.
    """
    settings = role_settings(HealthcheckSettings, host=host, port=port)
    asked = port or (settings.http.projector_port if projector else settings.http.port)
    status, body = ask(settings.http.host, asked, "/livez" if live else "/healthz")
    click.echo(body)
    sys.exit(0 if status == _OK else 1)
