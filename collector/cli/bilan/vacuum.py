"""`bilan vacuum`: the room that deleted rows took in Postgres, given back."""

import click
from click import ClickException

from collector.cli.bilan.options import data_option_of, db_option
from collector.cli.options import examples, settings_with
from collector.cli.terminal import run_command
from collector.local.endpoints import endpoints
from collector.settings import Settings
from projections.database import POSTGRES_ERRORS, advice_for
from projections.vacuum import Vacuumed, vacuum


@click.command("vacuum", epilog=examples("bilan vacuum --db ./bilan.db"))
@db_option
def command(db: str | None) -> None:
    """Vacuum and analyse the tables in Postgres, and say what that did.

    Postgres does the same by itself as rows come and go. The events are not in it and stay as they are.
    """
    try:
        done = run_command(_vacuum(settings_with(**data_option_of(db))))
    except POSTGRES_ERRORS as error:
        raise ClickException(f"{advice_for(error).removesuffix('; trying again')}. Nothing was changed.") from error
    click.echo(
        f"{done.tables:,} tables were vacuumed and analysed: {done.before:,} bytes before, {done.after:,} bytes now. "
        "The events themselves were not touched."
    )


async def _vacuum(settings: Settings) -> Vacuumed:
    async with endpoints(settings) as (_, database_url, _):
        return await vacuum(database_url)
