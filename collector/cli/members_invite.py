"""`collector members invite`: prints a one-time link; whoever opens it becomes a member, by a name of their own."""

import contextlib
from pathlib import Path

import click

from collector.cli.clock import utc_now
from collector.cli.options import data_option, examples, role_settings
from collector.cli.terminal import run_command
from collector.control.bucket import VaultUnavailable
from collector.control.connected import open_people
from collector.control.decided import Undecided
from collector.control.master_key import VaultClosed
from collector.control.people import Invitation
from collector.failure import Failure
from collector.local.endpoints import nats_url_for_role, web_url
from collector.local.key_place import master_key_file
from collector.settings import IngestSettings, Settings
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
    click.echo(join_link(web_url(settings.http, settings.local), invitation.secret))


def owners_link(settings: Settings, nats_url: str) -> str | None:
    """Return the link that makes the owner while nobody can sign in; None once somebody can, or where nobody could."""
    with contextlib.suppress(VaultClosed, VaultUnavailable, Undecided):
        invitation = run_command(_invite_owner(settings, nats_url))
        return None if invitation is None else join_link(settings.http.public_url, invitation.secret)
    return None


async def _invite(settings: IngestSettings, grant: Grant) -> Invitation:
    nats_url = nats_url_for_role(settings.nats, settings.local)
    async with open_people(nats_url, _key_file(settings), utc_now, replicas=settings.stream.replicas) as people:
        return await people.invite((grant,), by=_HERE)


async def _invite_owner(settings: Settings, nats_url: str) -> Invitation | None:
    async with open_people(nats_url, _key_file(settings), utc_now, replicas=settings.stream.replicas) as people:
        return await people.invite_owner()


def _key_file(settings: IngestSettings) -> Path:
    return master_key_file(settings.control, settings.local)
