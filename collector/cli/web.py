"""`collector web`: ingest, dashboard and API on one port."""

import time
from collections.abc import Mapping
from datetime import timedelta

import click

from collector.app import addresses
from collector.cli.clock import utc_now
from collector.cli.options import data_option, examples, listen_options, refuse_an_open_door, settings_with
from collector.cli.query import about_database, query_app
from collector.control.admin.opening import open_admin
from collector.control.erasure import erase_for_ever
from collector.ingest import open_ingest
from collector.local.endpoints import nats_url_for_role
from collector.local.key_place import master_key_file
from collector.salts.precedence import NOBODY_ELSE, PRECEDENCE
from collector.serving.below import below
from collector.serving.listening import listen
from collector.serving.role import asgi, claims_of, operated, run_role
from collector.serving.server import DRAIN_SECONDS, serve_until_told
from collector.serving.table import AddressTable, Dispatch, Owner
from collector.settings import Settings
from collector.upkeep import running_beside
from contracts.throttle import Throttle


@click.command("web", epilog=examples("COLLECTOR_NATS_URL=nats://... COLLECTOR_DATABASE_URL=postgresql://... collector web"))
@listen_options
@data_option
@click.option("--alone", is_flag=True, hidden=True, help="NATS is ours alone, so nobody else can hold the day's salt.")
def command(*, alone: bool, **options: str) -> None:
    """Run ingest, administration, dashboard and API on one port; `collector up` runs this.

    It is ready when events can be taken: an absent Postgres closes the dashboard alone.
    """
    settings = settings_with(**options)
    refuse_an_open_door(settings.http)
    run_role(settings.log, web(settings, precedence=NOBODY_ELSE if alone else PRECEDENCE))


async def web(settings: Settings, *, precedence: timedelta) -> None:
    """Take events and answer questions until told to stop."""
    with listen(settings.http.host, settings.http.port) as bound:
        throttle = Throttle(time.monotonic)
        asked, nats_url = query_app(settings, throttle=throttle), nats_url_for_role(settings.nats, settings.local)
        async with (
            open_ingest(settings, nats_url, utc_now, precedence=precedence) as ingest,
            open_admin(
                settings,
                nats_url,
                master_key_file(settings.control, settings.local),
                ingest.care.follower,
                utc_now,
                throttle=throttle,
            ) as admin,
            running_beside(erase_for_ever(nats_url, ingest.care.follower.erasing, utc_now, replicas=settings.stream.replicas)),
            ingest.app.lifespan(),
            asked.lifespan(),
        ):

            async def checks() -> Mapping[str, str]:
                return ingest.checks()

            claims = {Owner.INGEST: addresses(), Owner.ADMIN: claims_of(admin), Owner.QUERY: claims_of(asked)}
            table = AddressTable(claims)
            whole = Dispatch(table, ingest=asgi(ingest.app), query=asgi(asked), admin=asgi(admin))
            about = about_database(asked, settings)
            app = operated(whole, table, settings.http, role="web", checks=checks, about=about)
            served = below(app, table, settings.http.path)
            await serve_until_told(served, bound, begin_drain=app.begin_drain)
            await ingest.drain(DRAIN_SECONDS)
