"""Admit a hit, or drop it with a reason: the visitor objects, nobody has seen the page, we do not collect for the site."""

from collector.control.sites import Site, Sites
from collector.hit import Hit
from collector.outcomes import Dropped, DropReason
from contracts.names import canonical_site

OPT_OUT = frozenset({"gpc", "dnt"})


def admit(hit: Hit, sites: Sites) -> Site:
    """Return the site that *hit* belongs to, or raise Dropped.

    A robot is admitted: it is kept with its verdict, and left out of the numbers.
    """
    if hit.signals & OPT_OUT:
        raise Dropped(DropReason.PRIVACY_SIGNAL)
    if "prefetch" in hit.signals:
        raise Dropped(DropReason.PREFETCH)
    if not hit.site:
        return _known(sites.only())
    name = canonical_site(hit.site)
    return _known(sites.find(name) if name is not None else None)


def _known(site: Site | None) -> Site:
    if site is None:
        raise Dropped(DropReason.UNKNOWN_SITE)
    return site
