"""The site that a command works on: whether there is one, whether it may, and where its numbers are shown."""

from datetime import date

from click import UsageError

from collector.control.directory import Directory, collected_sites
from collector.control.follow import Follower
from collector.failure import Failure
from collector.local.directory import running
from collector.local.endpoints import web_url
from collector.settings import Settings
from collector.sites import Site, Sites, sites_of
from collector.stream import connection as broker
from collector.stream.connection import Connection
from contracts.names import canonical_site

MOST_LINKS = 10  # a server of many hosts has many sites


def canonical_name(name: str) -> str:
    """Return *name* as a site has it, or raise UsageError when none can have it."""
    canonical = canonical_site(name)
    if canonical is None:
        raise UsageError("a site's name is a host such as shop.example: letters, digits, dot, dash and underscore")
    return canonical


def site_among(sites: Sites, name: str, *, tenant: str = "") -> Site:
    """Return the site *name* of *sites*, or raise UsageError when events are taken for none that is called so."""
    site = sites.find(name, tenant)
    if site is None:
        raise UsageError(f"{name} was not added and is not among COLLECTOR_SITES, and production collects for no other; add it")
    if not site.is_open:
        raise UsageError(f"{name} is archived or erased, and takes no events")
    return site


async def sites_known_to(client: Connection, settings: Settings) -> Sites:
    """Return the sites that an ingest process on the NATS of *client* would take events for now, or raise Failure."""
    follower = Follower(client, Directory())
    await follower.catch_up()
    if not follower.directory.is_ready:
        raise Failure("NATS does not say which sites there are. Try: collector doctor")
    return collected_sites(settings.collection, follower.directory)


async def sites_at_hand(settings: Settings) -> Sites:
    """Return the sites that events are taken for; where no NATS runs, those of the settings, for nothing is started for it."""
    runtime = running(settings.local.data.absolute())
    url = settings.nats.url or (runtime.nats_url if runtime else None)
    if url is None:
        return sites_of(settings.collection)
    client = await broker.connect(url, on_loss=lambda: None)
    try:
        return await sites_known_to(client, settings) if client.is_connected else sites_of(settings.collection)
    finally:
        await broker.disconnect(client)


def where_to_look(settings: Settings, site: str, first: date, last: date) -> str:
    """Return the sentence that leads to the dashboard of *site* from the day *first* to the day *last*."""
    runtime = running(settings.local.data.absolute())
    link = f"{web_url(settings.http, settings.local)}/sites/{site}?period=custom&from={first.isoformat()}&to={last.isoformat()}"
    is_up = runtime is not None or settings.nats.url is not None
    return f"Open {link}" if is_up else f"Run `collector up`, then open {link}"
