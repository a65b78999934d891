"""`collector control reset-vault`: starts over where the master key is lost; it says what that takes away, and asks."""

import click

from collector.cli.clock import utc_now
from collector.cli.options import data_option, examples, settings_with
from collector.cli.terminal import run_command
from collector.control.bucket import VaultUnavailable
from collector.control.connected import open_people
from collector.control.decided import Undecided
from collector.control.people import Invitation
from collector.failure import Failure
from collector.local.endpoints import endpoints, web_url
from collector.local.key_place import master_key_file
from collector.local.master_key import start_over
from collector.settings import Settings
from collector.stream import connection as broker
from contracts.sessions import join_link

_LOSS = """\
Everything in the vault is taken away for ever, also where the key turns up again:

  - names, addresses and passwords of all members: nobody can sign in until they are invited again
  - what user ids became pseudonyms with: whoever sends the same id from now on is somebody new, and questions by user id find
    nothing that was stored before
  - the keys of tokens: every token ends; API keys go on

Events, sites, API keys, numbers and who was a member stay.
"""


@click.command("reset-vault", epilog=examples("collector control reset-vault"))
@data_option
@click.option("--yes", is_flag=True, help="Do not ask.")
def command(*, yes: bool, **options: str) -> None:
    """Start over without the lost master key.

    Look first for the key in your backups: where it is put back, nothing is lost.
    """
    settings = settings_with(**options)
    click.echo(_LOSS, err=True)
    if not yes:
        click.confirm("Is the key lost, and may all of that go?", abort=True, err=True)
    try:
        aside, invitation = run_command(reset(settings))
    except (VaultUnavailable, Undecided) as error:
        raise Failure("NATS does not answer; what was not taken away yet is there. Run it again beside NATS.") from error
    if aside:
        click.echo(f"The file that held no whole key is now {aside}.", err=True)
    click.echo("The vault is empty, and sealed anew.", err=True)
    if invitation is not None:
        link = join_link(web_url(settings.http, settings.local), invitation.secret)
        click.echo(f"Become the owner again, once, within a week: {link}")


async def reset(settings: Settings) -> tuple[str, Invitation | None]:
    """Take everything away, and return where a damaged key file is now, and an invitation for an owner."""
    path = master_key_file(settings.control, settings.local)
    replicas = settings.stream.replicas
    async with endpoints(settings) as (nats_url, _, _):
        client = await broker.connect(nats_url, on_loss=lambda: None)
        try:
            aside = await start_over(client, path, replicas=replicas)
        finally:
            await broker.disconnect(client)
        async with open_people(nats_url, path, utc_now, replicas=replicas) as people:
            return "" if aside is None else str(aside), await people.invite_owner()
