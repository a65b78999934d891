"""Which sites exist: one small interface, so that a control plane can take the list's place."""

from typing import Protocol

from msgspec import Struct

from collector.settings import Collection, Mode


class Site(Struct, frozen=True, kw_only=True):
    """A site we collect for; both names are canonical: lower case, ``[a-z0-9._-]``, at most 253 characters."""

    tenant: str
    id: str


class Sites(Protocol):
    """The directory of sites."""

    def find(self, claimed: str) -> Site | None:
        """Return the site with the canonical name *claimed*, or None when we do not collect for it."""

    def only(self) -> Site | None:
        """Return the site that a hit without any claim belongs to, or None when there is more than one candidate."""


class ListedSites:
    """Production: the sites that the operator listed, and no other."""

    def __init__(self, tenant: str, ids: tuple[str, ...]) -> None:
        self._sites = {id_: Site(tenant=tenant, id=id_) for id_ in ids}

    def find(self, claimed: str) -> Site | None:
        """Return the listed site of that name."""
        return self._sites.get(claimed)

    def only(self) -> Site | None:
        """Return the one listed site, if there is just one."""
        return next(iter(self._sites.values())) if len(self._sites) == 1 else None


class AnySite:
    """Development: whatever name a page uses is a site; a hit that names none belongs to ``localhost``."""

    def __init__(self, tenant: str) -> None:
        self._tenant = tenant

    def find(self, claimed: str) -> Site | None:
        """Return a site of that name."""
        return Site(tenant=self._tenant, id=claimed)

    def only(self) -> Site | None:
        """Return the site ``localhost``."""
        return Site(tenant=self._tenant, id="localhost")


def sites_of(collection: Collection) -> Sites:
    """Return the directory of sites that the settings call for."""
    if collection.mode is Mode.PRODUCTION:
        return ListedSites(collection.tenant, collection.sites)
    return AnySite(collection.tenant)
