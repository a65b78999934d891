"""Which sites exist, and what their owners have decided about their facts: one small interface, whoever keeps the list."""

from collections.abc import Callable
from typing import Protocol

from msgspec import Struct

from collector.settings import Collection, Mode
from contracts.control.sites import Identity
from contracts.events import Fact


class Rules(Struct, frozen=True, kw_only=True):
    """What the owner of a site has decided about its facts, compiled once for each version of the site.

    ``policy`` stands on each fact, ``kept`` are the properties that nobody redacts, ``origins`` the only ones that pages may
    send from, where there are any; ``excludes`` says of a fact that it is not to be stored. ``identity`` is whom facts of
    families that know people may name.
    """

    policy: str = ""
    identity: Identity = Identity.PSEUDONYMOUS
    kept: frozenset[str] = frozenset()
    origins: frozenset[str] = frozenset()
    excludes: Callable[[Fact], bool] | None = None


class Site(Struct, frozen=True, kw_only=True):
    """A site we know; both names are canonical: lower case, ``[a-z0-9._-]``, at most 253 characters.

    Nothing is taken for one that is not open; ``rules`` is None where nobody has decided anything.
    """

    tenant: str
    id: str
    is_open: bool = True
    rules: Rules | None = None

    def leaves_out(self, fact: Fact) -> bool:
        """Say whether the owner of the site has decided that *fact* is not to be stored."""
        return self.rules is not None and self.rules.excludes is not None and self.rules.excludes(fact)


class Sites(Protocol):
    """The directory of sites."""

    def find(self, claimed: str, tenant: str = "") -> Site | None:
        """Return the site with the canonical name *claimed*, or None when we do not collect for it, or not for *tenant*."""

    def keyed(self, tenant: str, key: str) -> Site | None:
        """Return the site *key* of *tenant*, whatever names it goes by, or None when we do not collect for it."""

    def only(self, tenant: str = "") -> Site | None:
        """Return the site that a hit without any claim belongs to, or None when there is more than one candidate.

        Where a key says whose it is, the other tenants' sites are no candidates.
        """

    def bound(self, mount: str) -> Site | None:
        """Return the site that what comes in by *mount*, and names none, belongs to; None where none is bound to it."""


class ListedSites:
    """The sites that the operator listed, and no other."""

    def __init__(self, tenant: str, ids: tuple[str, ...]) -> None:
        self.ids = ids
        self._tenant = tenant
        self._sites = {id_: Site(tenant=tenant, id=id_) for id_ in ids}

    def find(self, claimed: str, tenant: str = "") -> Site | None:
        """Return the listed site of that name."""
        return self._sites.get(claimed) if tenant in ("", self._tenant) else None

    def keyed(self, tenant: str, key: str) -> Site | None:
        """Return the listed site of that name."""
        return self.find(key, tenant)

    def only(self, tenant: str = "") -> Site | None:
        """Return the one listed site, if there is just one."""
        return self.find(self.ids[0], tenant) if len(self._sites) == 1 else None

    def bound(self, _: str) -> Site | None:
        """Return nothing: a list binds no site."""
        return None


class AnySite:
    """Development: whatever name a page uses is a site; a hit that names none belongs to ``localhost``."""

    def __init__(self, tenant: str) -> None:
        self._tenant = tenant

    def find(self, claimed: str, tenant: str = "") -> Site | None:
        """Return a site of that name."""
        return Site(tenant=tenant or self._tenant, id=claimed)

    def keyed(self, tenant: str, key: str) -> Site | None:
        """Return a site of that name."""
        return self.find(key, tenant)

    def only(self, tenant: str = "") -> Site | None:
        """Return the site ``localhost``."""
        return self.find("localhost", tenant)

    def bound(self, _: str) -> Site | None:
        """Return the site ``localhost``."""
        return self.only()


def sites_of(collection: Collection) -> Sites:
    """Return the directory of sites that the settings alone call for."""
    if collection.mode is Mode.PRODUCTION:
        return ListedSites(collection.tenant, collection.sites)
    return AnySite(collection.tenant)
