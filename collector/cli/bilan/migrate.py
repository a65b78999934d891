"""`bilan migrate`: the tables in Postgres, as this version needs them."""

import click

from collector.cli.bilan.options import data_option_of, db_option
from collector.cli.migrate import command as migrate
from collector.cli.options import examples


@click.command("migrate", epilog=examples("bilan migrate --db ./bilan.db"))
@db_option
@click.pass_context
def command(context: click.Context, db: str | None) -> None:
    """Create or update the tables in Postgres; running it again changes nothing."""
    context.invoke(migrate, **data_option_of(db))
