"""`collector serve`: the ingest role, which needs NATS alone."""

from collections.abc import Mapping

import click

from collector.app import addresses
from collector.cli.clock import utc_now
from collector.cli.options import data_option, examples, listen_options, role_settings
from collector.control.admin.opening import open_admin
from collector.control.erasure import erase_for_ever
from collector.ingest import open_ingest
from collector.local.endpoints import nats_url_for_role
from collector.local.key_place import master_key_file
from collector.salts.precedence import PRECEDENCE
from collector.serving.about import About
from collector.serving.below import below
from collector.serving.listening import listen
from collector.serving.role import asgi, claims_of, operated, run_role
from collector.serving.server import DRAIN_SECONDS, serve_until_told
from collector.serving.table import AddressTable, Dispatch, Owner
from collector.settings import IngestSettings
from collector.upkeep import running_beside


@click.command("serve", epilog=examples("COLLECTOR_NATS_URL=nats://nats:4222 collector serve --host 0.0.0.0"))
@listen_options
@data_option
def command(**options: str) -> None:
    """Run the ingest role: the snippet, the endpoints that take events, and the administration beside them.

    It answers 503 while NATS is away, and goes on while Postgres is.
    """
    settings = role_settings(IngestSettings, **options)
    run_role(settings.log, serve(settings))


async def serve(settings: IngestSettings) -> None:
    """Take events until told to stop, and answer every one that was taken."""
    with listen(settings.http.host, settings.http.port) as bound:
        nats_url = nats_url_for_role(settings.nats, settings.local)
        async with (
            open_ingest(settings, nats_url, utc_now, precedence=PRECEDENCE) as ingest,
            open_admin(
                settings, nats_url, master_key_file(settings.control, settings.local), ingest.care.follower, utc_now
            ) as admin,
            running_beside(erase_for_ever(nats_url, ingest.care.follower.erasing, utc_now, replicas=settings.stream.replicas)),
            ingest.app.lifespan(),
        ):

            async def checks() -> Mapping[str, str]:
                return ingest.checks()

            about = About(tenant=settings.collection.tenant, clock=utc_now)
            table = AddressTable({Owner.INGEST: addresses(), Owner.ADMIN: claims_of(admin)})
            both = Dispatch(table, ingest=asgi(ingest.app), query=asgi(ingest.app), admin=asgi(admin))
            app = operated(both, table, settings.http, role="ingest", checks=checks, about=about)
            served = below(app, table, settings.http.path)
            await serve_until_told(served, bound, begin_drain=app.begin_drain)
            await ingest.drain(DRAIN_SECONDS)
