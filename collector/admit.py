"""Admit a hit, or drop it with a reason: the visitor objects, nobody has seen the page, we do not collect for the site."""

from collector.hit import Hit, Signal
from collector.outcomes import Dropped, DropReason
from collector.sites import Site, Sites
from contracts.names import canonical_site

OPT_OUT = frozenset({Signal.GPC, Signal.DNT})


def admit(hit: Hit, sites: Sites) -> Site:
    """Return the site that *hit* belongs to, or raise Dropped.

    A robot is admitted: it is kept with its verdict, and left out of the numbers.
    """
    if hit.signals:
        raise Dropped(DropReason.PRIVACY_SIGNAL if hit.signals & OPT_OUT else DropReason.PREFETCH)
    claimed = hit.sender.site or hit.site
    if not claimed:
        return _known(sites.only())
    name = canonical_site(claimed)
    return _known(sites.find(name) if name is not None else None)


def _known(site: Site | None) -> Site:
    if site is None:
        raise Dropped(DropReason.UNKNOWN_SITE)
    return site
