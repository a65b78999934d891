"""`collector sites erase`: deletes a site with its facts, and asks for its name first."""

from typing import Any

import click

from collector.cli.deciding import BY, asked, deciding, of_a_tenant, show, told
from collector.cli.options import examples
from collector.cli.terminal import run_command
from collector.control.erasure import Progress, progress_of
from collector.control.plane import ControlPlane
from collector.control.views import site_view
from collector.local.endpoints import nats_url_for_role
from collector.settings import IngestSettings
from collector.stream import connection as broker
from contracts.control.sites import Site

_WHAT_GOES = """\
From now on {site} takes nothing. Its events are erased from the disk one by one, and its numbers go with them: there is no way
back. The events of all other sites stay. What is kept is that the site was there, what was decided about it, and how many
events were sent to it, for as long as tallies are kept. Copies of the disk, such as backups, are yours to delete.
"""


@click.command(
    "erase", epilog=examples("collector sites erase shop.example", "collector sites erase old.example --yes old.example")
)
@click.argument("site")
@click.option("--yes", metavar="NAME", help="The site's name once more, instead of being asked for it.")
@of_a_tenant
@asked
def command(*, site: str, yes: str | None, tenant: str, as_json: bool, **options: Any) -> None:
    """Delete a site with all its facts, for ever. `collector sites show` says how far that is."""
    settings = told(**options)
    with deciding(settings) as plane:
        now = plane.sites.find(tenant or settings.collection.tenant, site)
        if yes is None:
            click.echo(_WHAT_GOES.format(site=now.key), err=True)
            yes = click.prompt("Type its name, if all of that may go", err=True)
        if yes != now.key:
            raise click.UsageError("that is not its name; nothing has been changed.")
        show(site_view(plane.sites.begin_erasure(now.tenant, now.key, by=BY).thing), as_json=as_json)


def show_progress(settings: IngestSettings, plane: ControlPlane, site: Site) -> None:
    """Say how far the erasure of *site* is, beside what is printed for programs."""
    progress = run_command(_progress(nats_url_for_role(settings.nats, settings.local), plane, site))
    click.echo(said(progress, 1), err=True)


def said(progress: Progress, sites: int) -> str:
    """Return *progress* in words."""
    of = "1 site" if sites == 1 else f"{sites:,} sites"
    return f"Erasure: {progress.done:,} of {progress.total:,} messages of {of}"


async def _progress(nats_url: str, plane: ControlPlane, site: Site) -> Progress:
    client = await broker.connect(nats_url, on_loss=lambda: None)
    try:
        return await progress_of(client, plane, site)
    finally:
        await broker.disconnect(client)
