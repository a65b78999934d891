"""Admit a hit, or drop it with a reason: the visitor objects, nobody has seen the page, or its site takes none of it."""

from collector.arrival import Head
from collector.hit import Hit, Sender, Signal
from collector.outcomes import Dropped, DropReason, Refused, RefuseReason, Rejected, RejectReason
from collector.sites import Site, Sites
from contracts.events import Fact
from contracts.mounts import Mount
from contracts.names import canonical_site

OPT_OUT = frozenset({Signal.GPC, Signal.DNT})


def refuse_other_tenant(sender: Sender, head: Head) -> None:
    """Raise Refused where *head* names another tenant than the one that the credential is for."""
    said = head.headers.get(b"x-tenant-id")
    if said is not None and sender.tenant and said.decode("latin-1") != sender.tenant:
        raise Refused(RefuseReason.FORBIDDEN)


def admit(hit: Hit, sites: Sites, mount: str = "") -> Site:
    """Return the site that *hit* belongs to, or raise Dropped; Refused where its key is for another site than it names.

    What came in by *mount* and names no site is for the one that is bound to it, or Rejected where none is; at the root it is
    for the one that is bound to the Flowcore collector, or the only one. A robot is admitted: it is kept with its verdict, and
    left out of the numbers.
    """
    if hit.signals:
        raise Dropped(DropReason.PRIVACY_SIGNAL if hit.signals & OPT_OUT else DropReason.PREFETCH)
    site = _site_of(hit, sites, mount)
    if site is None:
        raise Dropped(DropReason.UNKNOWN_SITE)
    if not site.is_open:
        raise Dropped(DropReason.SITE_CLOSED)
    return site


def admit_nothing(sender: Sender, sites: Sites, mount: str = "") -> None:
    """Raise Rejected where a request of no hits came in by *mount* and even one would have been for no site."""
    if mount and not sender.site:
        _bound(sites, mount, sender)


def admit_origin(site: Site, head: Head) -> None:
    """Raise Dropped when a page sent it that the site does not know; a server, which says no Origin, is not judged."""
    if site.rules is None or not site.rules.origins:
        return
    origin = head.headers.get(b"origin")
    if origin is not None and origin.decode("latin-1").lower() not in site.rules.origins:
        raise Dropped(DropReason.FOREIGN_ORIGIN)


def admit_fact(site: Site, fact: Fact) -> None:
    """Raise Dropped when the site leaves such facts out: judged by what would be stored, and so before it is."""
    if site.leaves_out(fact):
        raise Dropped(DropReason.EXCLUDED)


def _site_of(hit: Hit, sites: Sites, mount: str) -> Site | None:
    sender = hit.sender
    if sender.site:
        return _site_of_key(hit, sites)
    if hit.site:
        name = canonical_site(hit.site)
        return None if name is None else sites.find(name, sender.tenant)
    return _bound(sites, mount, sender) if mount else _of_nobody(sites, sender)


def _of_nobody(sites: Sites, sender: Sender) -> Site | None:
    """Return the site of what comes in at the root and names none: the form there is the Flowcore collector's, too."""
    bound = sites.bound(Mount.FLOWCORE)
    return bound if bound is not None and sender.tenant in ("", bound.tenant) else sites.only(sender.tenant)


def _bound(sites: Sites, mount: str, sender: Sender) -> Site:
    # Bound to another tenant's it is for those who show no key, and for that tenant.
    if (site := sites.bound(mount)) is not None and sender.tenant in ("", site.tenant):
        return site
    if not sender.credential:
        detail = f"No site takes what comes in here without a key; bind one with `collector sites bind {mount} SITE`."
        raise Rejected(RejectReason.UNBOUND, detail, status=404)
    if (only := sites.only(sender.tenant)) is None:
        # A server that is told of success never looks again.
        detail = f"The key is for no one site: use a key of one, or bind one with `collector sites bind {mount} SITE`."
        raise Rejected(RejectReason.UNBOUND, detail, status=403)
    return only


def _site_of_key(hit: Hit, sites: Sites) -> Site | None:
    """Return the one site that the key is for; what is claimed for any other, there or not, is refused."""
    sender = hit.sender
    site = sites.keyed(sender.tenant, sender.site)
    if not hit.site:
        return site
    name = canonical_site(hit.site)
    claimed = None if name is None else sites.find(name, sender.tenant)
    if claimed is None or claimed.id != sender.site:
        raise Refused(RefuseReason.FORBIDDEN)
    return site
