"""`bilan init`: the data directory, with servers that have run in it and tables in its Postgres."""

import click

from collector.cli.bilan.options import data_option_of, db_option
from collector.cli.migrate import command as migrate
from collector.cli.options import examples, settings_with


@click.command("init", epilog=examples("bilan init --db ./bilan.db"))
@db_option
@click.pass_context
def command(context: click.Context, db: str | None) -> None:
    """Make the data directory and its tables; where both are there, this changes nothing."""
    context.invoke(migrate, **data_option_of(db))
    click.echo(f"Everything is kept in {settings_with(**data_option_of(db)).local.data.absolute()}.", err=True)
