"""`collector tenants`: who owns sites, keys and facts."""

from typing import Any

import click

from collector.cli.deciding import ALL, BY, asked, deciding, everything, show, show_all, told
from collector.cli.options import examples
from collector.control.views import tenant_view
from contracts.control.tenants import Tenant


@click.group("tenants", epilog=examples('collector tenants add acme --label "Acme Ltd"', "collector tenants list"))
def command() -> None:
    """Add and archive tenants, each with sites, keys and people of its own."""


@command.command("add", epilog=examples('collector tenants add acme --label "Acme Ltd"'))
@click.argument("name")
@click.option("--label", default="", metavar="TEXT", help="What it is called on pages.")
@asked
def add(*, name: str, label: str, as_json: bool, **options: Any) -> None:
    """Add a tenant; its name stands in every fact and never changes. Twice is once."""
    with deciding(told(**options)) as plane:
        show(tenant_view(plane.tenants.add(name, label=label, by=BY).thing), as_json=as_json)


@command.command("list", epilog=examples("collector tenants list", "collector tenants list --json | jq .name"))
@asked
def list_(*, as_json: bool, **options: Any) -> None:
    """List all tenants."""
    found = everything(told(**options)).some(Tenant, after="", most=ALL)
    show_all(map(tenant_view, found), "name", "label", "is_archived", as_json=as_json)


@command.command("show", epilog=examples("collector tenants show acme"))
@click.argument("name")
@asked
def show_(*, name: str, as_json: bool, **options: Any) -> None:
    """Show a tenant."""
    with deciding(told(**options)) as plane:
        show(tenant_view(plane.tenants.find(name)), as_json=as_json)


@command.command("label", epilog=examples('collector tenants label acme "Acme & Sons"'))
@click.argument("name")
@click.argument("text")
@asked
def label(*, name: str, text: str, as_json: bool, **options: Any) -> None:
    """Call a tenant otherwise on pages."""
    with deciding(told(**options)) as plane:
        show(tenant_view(plane.tenants.label(name, label=text, by=BY).thing), as_json=as_json)


@command.command("archive", epilog=examples("collector tenants archive acme"))
@click.argument("name")
@asked
def archive(*, name: str, as_json: bool, **options: Any) -> None:
    """Take nothing more for a tenant, and let none of its keys and members do anything; what there is stays."""
    with deciding(told(**options)) as plane:
        show(tenant_view(plane.tenants.archive(name, by=BY).thing), as_json=as_json)


@command.command("restore", epilog=examples("collector tenants restore acme"))
@click.argument("name")
@asked
def restore(*, name: str, as_json: bool, **options: Any) -> None:
    """Let a tenant be as it was."""
    with deciding(told(**options)) as plane:
        show(tenant_view(plane.tenants.restore(name, by=BY).thing), as_json=as_json)
