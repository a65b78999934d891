"""The site that a command works on: whether it may, and where its numbers are shown."""

from datetime import date

from click import UsageError

from collector.local.directory import running
from collector.settings import Settings
from collector.sites import Site, sites_of
from contracts.names import canonical_site


def site_named(settings: Settings, name: str) -> Site:
    """Return the site *name*, or raise UsageError when no site can have that name or production does not list it."""
    canonical = canonical_site(name)
    if canonical is None:
        raise UsageError("a site's name is a host such as shop.example: letters, digits, dot, dash and underscore")
    site = sites_of(settings.collection).find(canonical)
    if site is None:
        raise UsageError(f"{canonical} is not among COLLECTOR_SITES, and production collects for no other; add it there")
    return site


def where_to_look(settings: Settings, site: str, first: date, last: date) -> str:
    """Return the sentence that leads to the dashboard of *site* from the day *first* to the day *last*."""
    runtime = running(settings.local.data.absolute())
    address = (runtime.web_url if runtime else None) or settings.http.public_url
    link = f"{address}/sites/{site}?period=custom&from={first.isoformat()}&to={last.isoformat()}"
    is_up = runtime is not None or settings.nats.url is not None
    return f"Open {link}" if is_up else f"Run `collector up`, then open {link}"
