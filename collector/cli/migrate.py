"""`collector migrate`: the tables in Postgres, as this version needs them."""

import click
from click import ClickException

from collector.cli.options import data_option, examples, settings_with
from collector.cli.terminal import run_command
from collector.local.endpoints import endpoints
from collector.settings import Settings
from projections.migrations import NotMigrated, migrate


@click.command("migrate", epilog=examples("COLLECTOR_DATABASE_URL=postgresql://... collector migrate"))
@data_option
def command(**options: str) -> None:
    """Create or update the tables in Postgres; running it again changes nothing."""
    settings = settings_with(**options)
    try:
        run_command(_migrate(settings))
    except NotMigrated as error:
        raise ClickException(f"The tables are not up to date: {error}.") from error
    click.echo("The tables are up to date.", err=True)


async def _migrate(settings: Settings) -> None:
    if settings.postgres.url is not None:
        await migrate(settings.postgres.url)
        return
    async with endpoints(settings, may_begin=True) as (_, database_url, _):
        await migrate(database_url)
