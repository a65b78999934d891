"""`collector up`: everything on this machine, in the foreground."""

import contextlib
import socket
from collections.abc import Sequence

import click
from msgspec import structs

from collector.cli.options import data_option, examples, listen_options, refuse_an_open_door, settings_with
from collector.local.private import LOOPBACK, free_port
from collector.local.probe import nearby
from collector.local.servers import servers_in_data
from collector.local.signals import Interrupted, StopSignals
from collector.local.supervisor import Supervisor
from collector.serving.listening import listen
from collector.settings import Http, Settings
from contracts.names import readable_site
from contracts.snippet import snippet


@click.command("up", epilog=examples("collector up", "collector up --port 9000 --data /srv/collector"))
@data_option
@listen_options
def command(**options: str) -> None:
    """Run everything on this machine: NATS, Postgres, ingest, projector, dashboard.

    NATS and Postgres are the real programs, kept in the data directory; COLLECTOR_NATS_URL and COLLECTOR_DATABASE_URL
    name your own instead. Ctrl-C stops everything and keeps the data; the next start goes on from there.
    """
    settings = settings_with(**options)
    refuse_an_open_door(settings.http)
    # Said now, not by a child that fails after everything else has been started.
    listen(settings.http.host, settings.http.port).close()
    free = structs.replace(settings.http, projector_port=_port_for_projector(settings.http))
    settings = structs.replace(settings, http=free)
    signals = StopSignals()
    with signals.heard(), contextlib.suppress(Interrupted):
        _supervise(settings, signals)
    click.echo("Everything has stopped. The data is kept.", err=True)


def _supervise(settings: Settings, signals: StopSignals) -> None:
    _say(f"Starting in {settings.local.data.absolute()} ...")
    with servers_in_data(settings, pause=signals.pause, say=_say) as (servers, launcher):
        supervisor = Supervisor(settings, servers, launcher, signals, _say)
        try:
            supervisor.start()
            lacking = supervisor.wait_until_ready()
            click.echo(welcome(settings, _owners_link(settings, servers.nats_url)))
            for name, why in lacking.items():
                _say(f"not ready yet: {name} {why}")
            supervisor.run()
        finally:
            _say("Stopping ...")
            supervisor.stop()


def _owners_link(settings: Settings, nats_url: str) -> str | None:
    # What it needs takes a quarter of a second to import, for which nothing else waits by now.
    from collector.cli.members_invite import owners_link  # noqa: PLC0415

    return owners_link(settings, nats_url)


def welcome(settings: Settings, link: str | None = None) -> str:
    """Return the dashboard's address, the snippet to paste and what to do next; *link* is there while nobody can sign in."""
    address = settings.http.public_url
    token = "" if settings.http.access_token is None or settings.http.is_loopback else "  (asks for COLLECTOR_ACCESS_TOKEN)"
    return f"""
{click.style("Collector is running.", bold=True)}

  Dashboard   {click.style(f"{address}/", fg="cyan", underline=True)}{token}
  Metrics     http://{nearby(settings.http.host)}:{settings.http.port}/metrics, http://{LOOPBACK}:{settings.http.projector_port}/metrics
  Data, logs  {settings.local.data.absolute()}
{"" if link is None else _FIRST.format(link=click.style(link, fg="cyan"))}
{_to_paste(settings.collection.sites, address)}

Then open such a page, and watch the dashboard. In another terminal:

  collector stream      see events as they arrive
  collector doctor      check that everything is as it should be

Ctrl-C stops everything; the data stays.
"""


def _to_paste(sites: Sequence[str], address: str) -> str:
    if not sites:
        return _paste("Paste this into the pages to count, with your site's name:", snippet("your-site.example", address))
    lines = [
        _paste(f"Paste this into the pages of {readable_site(site)}:", snippet(site, address)) for site in sites[:_MOST_SITES]
    ]
    if (others := len(sites) - _MOST_SITES) > 0:
        lines.append(f"The other {others} have theirs on their pages of the dashboard.")
    return "\n\n".join(lines)


def _paste(words: str, line: str) -> str:
    return f"{words}\n\n  {click.style(line, fg='green')}"


# More than that push the address of the dashboard out of sight.
_MOST_SITES = 3

_FIRST = """
Nobody can sign in yet. Whoever opens this link becomes the owner; it works once, for a week, or until the next start:

  {link}
"""


def _port_for_projector(http: Http) -> int:
    # Only scrapers of metrics ask for this port, so a neighbour on it is no reason not to start.
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((LOOPBACK, http.projector_port))
        except OSError:
            return free_port()
    return http.projector_port


def _say(text: str) -> None:
    click.echo(text, err=True)
