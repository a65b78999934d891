"""`collector members`: who may sign in, and what they may do."""

from typing import Any

import click

from collector.cli.clock import utc_now
from collector.cli.deciding import AWAY, BY, asked, deciding, show, show_all, told
from collector.cli.members_invite import command as invite
from collector.cli.options import examples
from collector.cli.terminal import run_command
from collector.control.bucket import VaultUnavailable
from collector.control.connected import open_people
from collector.control.decided import Undecided
from collector.control.denied import Denied
from collector.control.master_key import VaultClosed
from collector.control.views import MemberView, member_view
from collector.failure import Failure
from collector.local.endpoints import nats_url_for_role
from collector.local.key_place import master_key_file
from collector.settings import IngestSettings
from contracts.control.people import Grant, Member, MemberState, Role


@click.group("members", epilog=examples("collector members invite", "collector members list"))
def command() -> None:
    """Decide who may sign in."""


command.add_command(invite)


@command.command("list", epilog=examples("collector members list", "collector members list --json | jq .grants"))
@asked
def list_(*, as_json: bool, **options: Any) -> None:
    """List members and whoever is invited; names come from the vault, and are left out where it does not open."""
    settings = told(**options)
    with deciding(settings) as plane:
        found = [member for member in plane.members.all() if member.state is not MemberState.REMOVED]
    show_all(run_command(_named(settings, found)), "id", "name", "state", "grants", as_json=as_json)


@command.command(
    "grants",
    epilog=examples("collector members grants 4f0c --role owner", "collector members grants 4f0c --role editor --tenant acme"),
)
@click.argument("member")
@click.option("--role", type=click.Choice([role.value for role in Role]), required=True, help="What they may do.")
@click.option("--tenant", help="For this tenant alone [all of them].")
@click.option("--site", help="For this site of the tenant alone [all of its sites].")
@asked
def grants(*, member: str, role: str, tenant: str | None, site: str | None, as_json: bool, **options: Any) -> None:
    """Let a member do this, and nothing else."""
    wanted = Grant(role=Role(role), tenant=tenant, site=site)
    with deciding(told(**options)) as plane:
        decided = plane.members.decide_grants(member, [wanted], by=BY)
        show(member_view(decided.thing, decided.thing.grants), as_json=as_json)


@command.command("remove", epilog=examples("collector members remove 4f0c"))
@click.argument("member")
@asked
def remove(*, member: str, as_json: bool, **options: Any) -> None:
    """Let a member do nothing more, end their sessions, and erase what is known about them."""
    settings = told(**options)
    with deciding(settings) as plane:
        found = plane.members.find(member)
        _fails_in_words(settings, member)
        show(member_view(plane.members.find(member), found.grants), as_json=as_json)


def _fails_in_words(settings: IngestSettings, member: str) -> None:
    try:
        run_command(_remove(settings, member))
    except (VaultClosed, Denied, Undecided) as refusal:
        raise Failure(str(refusal)) from refusal
    except VaultUnavailable as error:
        raise Failure(AWAY) from error


async def _remove(settings: IngestSettings, member: str) -> None:
    nats_url, key_file = nats_url_for_role(settings.nats, settings.local), master_key_file(settings.control, settings.local)
    async with open_people(nats_url, key_file, utc_now, replicas=settings.stream.replicas) as people:
        await people.remove(member, by=BY)


async def _named(settings: IngestSettings, members: list[Member]) -> list[MemberView]:
    nats_url, key_file = nats_url_for_role(settings.nats, settings.local), master_key_file(settings.control, settings.local)
    async with open_people(nats_url, key_file, utc_now, replicas=settings.stream.replicas) as people:
        return [member_view(member, member.grants, await people.name_or_nothing(member)) for member in members]
