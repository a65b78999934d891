"""`collector query`: the dashboard and the API, which need Postgres; with NATS and the master key tokens, too."""

from collections.abc import Mapping
from functools import partial
from typing import Any

import click
from litestar import Litestar

from collector.cli.clock import utc_now
from collector.cli.options import data_option, examples, listen_options, refuse_an_open_door, role_settings
from collector.local.endpoints import database_url_for_role, known_nats_url
from collector.local.key_place import master_key_file
from collector.privacy.client_ip import TrustedProxies, client_ip
from collector.serving.about import About
from collector.serving.below import below
from collector.serving.listening import listen
from collector.serving.role import asgi, claims_of, operated, run_role
from collector.serving.server import serve_until_told
from collector.serving.table import AddressTable, Owner
from collector.settings import Mode, QuerySettings, Settings
from contracts.throttle import Throttle
from projections.app import check, create_app
from projections.query.problems import Refused
from projections.replies import SYSTEMS
from projections.replies.minigem import over_days
from projections.replies.numbers import database_numbers
from projections.stream.newest import Newest
from projections.vault import VaultReader


@click.command(
    "query",
    epilog=examples("COLLECTOR_DATABASE_URL=postgresql://... COLLECTOR_ACCESS_TOKEN=... collector query --host 0.0.0.0"),
)
@listen_options
@data_option
def command(**options: str) -> None:
    """Run the dashboard and the API.

    On loopback they are open; on any other address the role refuses to start without COLLECTOR_ACCESS_TOKEN.
    """
    settings = role_settings(QuerySettings, **options)
    refuse_an_open_door(settings.http)
    run_role(settings.log, query(settings))


async def query(settings: QuerySettings) -> None:
    """Answer questions until told to stop."""
    with listen(settings.http.host, settings.http.port) as bound:
        asked = query_app(settings)

        async def checks() -> Mapping[str, str]:
            return await database_checks(asked)

        async with asked.lifespan():
            table, about = AddressTable({Owner.QUERY: claims_of(asked)}), about_database(asked, settings)
            app = operated(asgi(asked), table, settings.http, role="query", checks=checks, about=about)
            served = below(app, table, settings.http.path)
            await serve_until_told(served, bound, begin_drain=app.begin_drain)


def query_app(settings: QuerySettings | Settings, *, throttle: Throttle | None = None) -> Litestar:
    """Return the query half's app, wired as the settings say; *throttle* is given where others slow guessing, too."""
    nats_url = known_nats_url(settings.nats, settings.local)
    return create_app(
        database_url=database_url_for_role(settings.postgres, settings.local),
        tenant=settings.collection.tenant,
        access_token=settings.http.access_token,
        public_url=settings.http.public_url,
        clock=utc_now,
        listed_keys=settings.collection.api_keys,
        listed_sites=settings.collection.sites if settings.collection.mode is Mode.PRODUCTION else None,
        address_of=partial(client_ip, trusted=TrustedProxies.parse(settings.http.trusted_proxies)),
        vault=None if nats_url is None else VaultReader(nats_url, master_key_file(settings.control, settings.local)),
        throttle=throttle,
        systems=over_days(SYSTEMS, settings.minigem.stats_days),
        newest=None if nats_url is None else Newest(nats_url, seconds=settings.query.read_your_write_ms / 1000),
    )


def addresses_of_query() -> list[tuple[str, str]]:
    """Return (method, template) of everything that the query half answers, without any database."""
    nowhere = "postgresql://localhost/nowhere"
    return claims_of(
        create_app(database_url=nowhere, tenant="main", access_token=None, public_url="http://localhost", clock=utc_now)
    )


def about_database(app: Litestar, settings: QuerySettings | Settings) -> About:
    """Return what is told of an installation with the database that *app* answers from."""
    tenant = settings.collection.tenant

    async def numbers() -> Mapping[str, Any]:
        try:
            return await database_numbers(app.state.engine, tenant)
        except Refused:
            return {}

    return About(tenant=tenant, clock=utc_now, numbers=numbers)


async def database_checks(app: Litestar) -> dict[str, str]:
    """Return whether *app* can answer, as health checks."""
    try:
        await check(app)
    except Refused as refusal:
        return {"postgres": refusal.problem.detail}
    return {"postgres": ""}
