"""`collector export`: a site's actions and subjects as files, in the layout of a system that reads such."""

from pathlib import Path

import click
from click import ClickException

from collector.cli.options import data_option, examples, settings_with
from collector.cli.terminal import run_command
from collector.local.endpoints import endpoints
from collector.settings import Settings
from contracts.names import canonical_site
from projections.query.caller import only_caller
from projections.query.database import open_engine, reading
from projections.query.problems import Refused
from projections.replies.layouts import LAYOUTS
from projections.replies.nodash_layout import Written


@click.command(
    "export",
    epilog=examples(
        "collector export --layout nodash --site app.example --to ./nodash-data",
        "collector export --layout minigem --site app.example --to ./events-transformed",
    ),
)
@data_option
@click.option("--layout", type=click.Choice(list(LAYOUTS)), required=True, help="Whose files they are to be like.")
@click.option("--site", required=True, metavar="NAME", help="The site whose actions and subjects are written.")
@click.option("--tenant", default="", metavar="NAME", help="The tenant that it belongs to [COLLECTOR_TENANT].")
@click.option(
    "--to",
    "folder",
    required=True,
    type=click.Path(path_type=Path, file_okay=False),
    help="A folder that is empty, or not there yet.",
)
def command(layout: str, site: str, tenant: str, folder: Path, **options: str) -> None:
    """Write what apps have sent as files: events a line each in a file for each day (UTC).

    nodash writes a file for each subject, too; minigem the event log that its server kept, by day of arrival: a line of words
    in <day>.log and one of JSON in json/<day>.jsonl. Ids are what is stored: pseudonyms, unless the site's policy keeps them
    plain. Tenants and users are named inside the files; no name leads anywhere in a path.
    """
    settings = settings_with(**options)
    name = canonical_site(site)
    if name is None:
        raise click.UsageError("a site is named like example.org: letters, digits, dots, dashes and underscores.")
    if folder.exists() and any(folder.iterdir()):
        raise ClickException("the folder is not empty. Name one that is, or that is not there yet; nothing was written.")
    try:
        written = run_command(_export(settings, layout, tenant.lower() or settings.collection.tenant, name, folder))
    except Refused as refused:
        raise ClickException(f"{refused.problem.title}. {refused.problem.detail}") from refused
    click.echo(f"Wrote {written.events:,} events and {written.users:,} users.", err=True)


async def _export(settings: Settings, layout: str, tenant: str, site: str, folder: Path) -> Written:
    async with endpoints(settings) as (_, database_url, _):
        engine = open_engine(database_url)
        try:
            async with reading(engine, only_caller(tenant)) as connection:
                return await LAYOUTS[layout](folder, connection, tenant, site)
        finally:
            await engine.dispose()
