"""`collector config`: the settings in force, without secrets; or every setting there is, as env.example has it."""

import click

from collector.cli.options import examples, settings_with
from collector.settings import SETTINGS, example
from collector.settings.environment import environment_with


@click.command("config", epilog=examples("collector config", "collector config --example > .env"))
@click.option("--example", "wants_example", is_flag=True, help="Print every setting with its default and reason instead.")
def command(*, wants_example: bool) -> None:
    """Show the settings in force, and no secret's value."""
    if wants_example:
        click.echo(example(), nl=False)
        return
    settings_with()
    environment = environment_with({})
    for setting in SETTINGS:
        given = environment.get(setting.variable) or environment.get(f"{setting.variable}_FILE")
        shown = "(set, not shown)" if given and setting.secret else given or setting.default
        click.echo(f"{setting.variable}={shown}{'' if given else '  (default)'}")
