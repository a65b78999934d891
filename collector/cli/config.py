"""`collector config`: the settings in force, without secrets; or what is made from the settings and addresses there are."""

import click

from collector.app import addresses
from collector.cli.options import examples, settings_with
from collector.cli.query import addresses_of_query
from collector.control.admin import create_admin
from collector.serving.edge import edge
from collector.serving.role import claims_of
from collector.serving.table import AddressTable, Owner
from collector.settings import SETTINGS, example
from collector.settings.environment import environment_with


@click.command("config", epilog=examples("collector config", "collector config --example > .env"))
@click.option("--example", "wants_example", is_flag=True, help="Print every setting with its default and reason instead.")
@click.option("--edge", "wants_edge", is_flag=True, help="Print the nginx that compose.yaml has in front, instead.")
def command(*, wants_example: bool, wants_edge: bool) -> None:
    """Show the settings in force, and no secret's value."""
    if wants_example or wants_edge:
        click.echo(example() if wants_example else _edge(), nl=False)
        return
    settings_with()
    environment = environment_with({})
    for setting in SETTINGS:
        given = environment.get(setting.variable) or environment.get(f"{setting.variable}_FILE")
        shown = "(set, not shown)" if given and setting.secret else given or setting.default
        click.echo(f"{setting.variable}={shown}{'' if given else '  (default)'}")


def _edge() -> str:
    admin = claims_of(create_admin(None))
    return edge(AddressTable({Owner.INGEST: addresses(), Owner.ADMIN: admin, Owner.QUERY: addresses_of_query()}))
