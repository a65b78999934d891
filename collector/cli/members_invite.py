"""`collector members invite`: prints a one-time link; whoever opens it becomes a member, by a name of their own."""

import asyncio
import contextlib
from collections.abc import AsyncIterator

import click

from collector.cli.clock import utc_now
from collector.cli.options import data_option, examples, role_settings
from collector.cli.terminal import run_command
from collector.control.bucket import VaultUnavailable
from collector.control.decided import Undecided
from collector.control.master_key import VaultClosed
from collector.control.passwords import Passwords
from collector.control.people import Invitation, People
from collector.control.plane import open_plane
from collector.control.roster import Roster
from collector.control.vault import Vault
from collector.failure import Failure
from collector.local.endpoints import nats_url_for_role
from collector.local.master_key import master_key_file
from collector.settings import IngestSettings, Settings
from collector.stream import connection as broker
from contracts.control.people import Grant, Role
from contracts.sessions import join_link

_HERE = "here"


@click.command("invite", epilog=examples("collector members invite", "collector members invite --role viewer --tenant shop"))
@data_option
@click.option(
    "--role", type=click.Choice([role.value for role in Role]), default="owner", show_default=True, help="What they may do."
)
@click.option("--tenant", help="For this tenant alone [all of them].")
@click.option("--site", help="For this site of the tenant alone [all of its sites].")
def command(*, role: str, tenant: str | None, site: str | None, **options: str) -> None:
    """Print a one-time link that makes somebody a member; it works for a week."""
    if site is not None and tenant is None:
        raise click.UsageError("a site belongs to a tenant; name it, too, with --tenant")
    settings = role_settings(IngestSettings, **options)
    try:
        invitation = run_command(_invite(settings, Grant(role=Role(role), tenant=tenant, site=site)))
    except VaultClosed as closed:
        raise Failure(str(closed)) from closed
    except Undecided as error:
        raise Failure(str(error)) from error
    except VaultUnavailable as error:
        raise Failure("NATS does not answer: is it running, and is COLLECTOR_NATS_URL right?") from error
    click.echo(join_link(settings.http.public_url, invitation.secret))


def owners_link(settings: Settings, nats_url: str) -> str | None:
    """Return the link that makes the owner while nobody can sign in; None once somebody can, or where nobody could."""
    with contextlib.suppress(VaultClosed, VaultUnavailable, Undecided):
        invitation = run_command(_invite_owner(settings, nats_url))
        return None if invitation is None else join_link(settings.http.public_url, invitation.secret)
    return None


async def _invite(settings: IngestSettings, grant: Grant) -> Invitation:
    async with open_people(settings, nats_url_for_role(settings.nats, settings.local)) as people:
        return await people.invite((grant,), by=_HERE)


async def _invite_owner(settings: Settings, nats_url: str) -> Invitation | None:
    async with open_people(settings, nats_url) as people:
        return await people.invite_owner()


@contextlib.asynccontextmanager
async def open_people(settings: IngestSettings, nats_url: str) -> AsyncIterator[People]:
    """Lend the people of the installation at *nats_url*."""
    replicas = settings.stream.replicas
    client = await broker.connect(nats_url, on_loss=lambda: None)
    plane = open_plane(nats_url, clock=utc_now, replicas=replicas)
    try:
        vault = Vault(client, master_key_file(settings.control, settings.local), replicas=replicas)
        yield People(roster=Roster(plane), vault=vault, passwords=Passwords(), clock=utc_now)
    finally:
        await asyncio.to_thread(plane.close)
        await broker.disconnect(client)
