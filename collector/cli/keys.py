"""`collector keys`: credentials of machines; a key is printed once, and kept by nobody here."""

from datetime import timedelta
from typing import Any

import click
from msgspec import Struct

from collector.cli.clock import utc_now
from collector.cli.deciding import ALL, BY, asked, deciding, everything, of_a_tenant, show, show_all, told
from collector.cli.options import examples
from collector.control.new_key import NewKey, new_key
from collector.control.views import KeyView, key_view
from contracts.control.keys import Key, KeyKind, Scope


class _Printed(Struct, frozen=True, kw_only=True):
    """A key that was just made, and what is known of it from now on."""

    text: str
    key: KeyView

    def __repr__(self) -> str:
        return f"_Printed(key={self.key.id!r})"

    __str__ = __repr__

    def __rich_repr__(self) -> list[tuple[str, object]]:
        return [("key", self.key.id)]


@click.group("keys", epilog=examples("collector keys issue --scope ingest --label shop", "collector keys list"))
def command() -> None:
    """Issue, rotate and revoke the keys of machines."""


@command.command(
    "issue",
    epilog=examples(
        "collector keys issue --scope ingest --label 'the shop'",
        "collector keys issue --public --site shop.example",
        "collector keys issue --scope admin --tenant acme --days 90",
    ),
)
@click.option(
    "--scope", "scopes", multiple=True, type=click.Choice([scope.value for scope in Scope]), help="What it may do [ingest]."
)
@click.option("--public", is_flag=True, help="It may stand in a page, and only sends.")
@click.option("--site", help="For this site of the tenant alone [all of them].")
@click.option("--label", default="", metavar="TEXT", help="What it is called in lists.")
@click.option("--days", type=click.IntRange(1), help="After which it works no more [never].")
@of_a_tenant
@asked
def issue(
    *,
    scopes: tuple[str, ...],
    public: bool,
    site: str | None,
    label: str,
    days: int | None,
    tenant: str,
    as_json: bool,
    **options: Any,
) -> None:
    """Issue a key, and print it once: if it is lost, issue another."""
    settings, made = told(**options), new_key()
    owner = tenant or settings.collection.tenant
    with deciding(settings) as plane:
        if owner == settings.collection.tenant:
            plane.tenants.settle(owner, by=BY)
        decided = plane.keys.issue(
            owner,
            made.id,
            digest=made.digest,
            kind=KeyKind.PUBLIC if public else KeyKind.SECRET,
            scopes=[Scope(scope) for scope in scopes or (Scope.INGEST,)],
            site=site,
            label=label,
            expires_at=None if days is None else utc_now() + timedelta(days=days),
            by=BY,
        )
    _print(made, decided.thing, as_json=as_json)


@command.command("list", epilog=examples("collector keys list", "collector keys list --all --json"))
@click.option("--all", "with_ended", is_flag=True, help="Those that work no more, too.")
@of_a_tenant
@asked
def list_(*, with_ended: bool, tenant: str, as_json: bool, **options: Any) -> None:
    """List the keys of a tenant."""
    settings, now = told(**options), utc_now()
    found = everything(settings).some(Key, tenant or settings.collection.tenant, after="", most=ALL)
    views = [key_view(key, now) for key in found if with_ended or key.works_at(now)]
    show_all(views, "id", "label", "kind", "scopes", "site", "ends_at", "works", as_json=as_json)


@command.command("show", epilog=examples("collector keys show 4f0c"))
@click.argument("key")
@of_a_tenant
@asked
def show_(*, key: str, tenant: str, as_json: bool, **options: Any) -> None:
    """Show what is known of a key, by its id: what stands between the underscores."""
    settings = told(**options)
    with deciding(settings) as plane:
        show(_view(plane.keys.find(tenant or settings.collection.tenant, key)), as_json=as_json)


@command.command("rotate", epilog=examples("collector keys rotate 4f0c --overlap-hours 48"))
@click.argument("key")
@click.option("--overlap-hours", type=click.IntRange(0), default=24, show_default=True, help="How long the former works on.")
@of_a_tenant
@asked
def rotate(*, key: str, overlap_hours: int, tenant: str, as_json: bool, **options: Any) -> None:
    """Put another key in the place of one, print it once, and let both work for a while."""
    settings, made = told(**options), new_key()
    owner, overlap = tenant or settings.collection.tenant, timedelta(hours=overlap_hours)
    with deciding(settings) as plane:
        decided = plane.keys.rotate(owner, key, new=made.id, digest=made.digest, overlap=overlap, by=BY)
    _print(made, decided.thing, as_json=as_json)


@command.command("revoke", epilog=examples("collector keys revoke 4f0c"))
@click.argument("key")
@of_a_tenant
@asked
def revoke(*, key: str, tenant: str, as_json: bool, **options: Any) -> None:
    """Let a key be worth nothing any more, everywhere within two seconds."""
    settings = told(**options)
    with deciding(settings) as plane:
        decided = plane.keys.revoke(tenant or settings.collection.tenant, key, by=BY)
        show(_view(decided.thing), as_json=as_json)


def _view(key: Key) -> KeyView:
    return key_view(key, utc_now())


def _print(made: NewKey, key: Key, *, as_json: bool) -> None:
    """Print the key on a line of its own, for a program to take, and what it is beside that."""
    if as_json:
        return show(_Printed(text=made.text, key=_view(key)), as_json=True)
    click.echo("It is shown this once. It is:", err=True)
    click.echo(made.text)
    return None
