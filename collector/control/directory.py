"""Directory: what an ingest process holds of the control plane, and the sites that it collects for."""

from collector.control.things import Things
from collector.outcomes import Unavailable, UnavailableReason
from collector.settings import Collection, Mode
from collector.sites import AnySite, ListedSites, Site, Sites

_LOCALHOST = "localhost"
_RETRY_SECONDS = 2


class Directory:
    """The ``things`` as they were read last; they go on being served while the stream is away, and until another is read.

    Before all of it has been read nothing can be said of anybody, and ``absence`` is why.
    """

    def __init__(self) -> None:
        self.things = Things()
        self.is_ready = False
        self.absence = UnavailableReason.STREAM_DISCONNECTED

    def become(self, things: Things) -> None:
        """Serve *things*, which hold all that there is."""
        self.things = things
        self.is_ready = True

    def refuse_unread(self) -> None:
        """Raise Unavailable before everything has been read: who is not known yet is no stranger."""
        if not self.is_ready:
            raise Unavailable(self.absence, retry_after=_RETRY_SECONDS)


class KnownOrListed:
    """Production: the sites of the control plane, and those of the settings that it has never decided on."""

    def __init__(self, directory: Directory, listed: ListedSites) -> None:
        self._directory = directory
        self._listed = listed

    def find(self, claimed: str, tenant: str = "") -> Site | None:
        """Return the site that goes by *claimed*."""
        return _known_or(self._directory, self._listed, claimed, tenant)

    def keyed(self, tenant: str, key: str) -> Site | None:
        """Return the site *key* of *tenant*."""
        return _keyed_or(self._directory, self._listed, tenant, key)

    def only(self, tenant: str = "") -> Site | None:
        """Return the one open site, if there is just one."""
        self._directory.refuse_unread()
        things = self._directory.things
        candidates = {(site.tenant, site.id): site for site in things.open_sites(tenant)}
        for name in self._listed.ids:
            if len(candidates) > 1:
                return None
            site = self._listed.find(name, tenant)
            if site is not None and not things.has_decided_on(name):
                candidates[site.tenant, site.id] = site
        return next(iter(candidates.values())) if len(candidates) == 1 else None

    def bound(self, mount: str) -> Site | None:
        """Return the site that is bound to *mount*."""
        self._directory.refuse_unread()
        return self._directory.things.bound(mount)


class KnownOrAny:
    """Development: whatever name a page uses is a site, but a name on which the control plane has decided is what it says.

    A tenant's key is told nothing of what was decided for others: their names are to it what names of nobody are.
    """

    def __init__(self, directory: Directory, anything: AnySite) -> None:
        self._directory = directory
        self._anything = anything

    def find(self, claimed: str, tenant: str = "") -> Site | None:
        """Return the site that goes by *claimed*."""
        if not tenant:
            return _known_or(self._directory, self._anything, claimed, tenant)
        self._directory.refuse_unread()
        things = self._directory.things
        site = things.by_name.get(claimed)
        if site is not None and site.tenant == tenant:
            return site
        # Its own site that gave up the name of its key is not to be had by that.
        return None if things.site(tenant, claimed) is not None else self._anything.find(claimed, tenant)

    def keyed(self, tenant: str, key: str) -> Site | None:
        """Return the site *key* of *tenant*."""
        self._directory.refuse_unread()
        return self._directory.things.site(tenant, key) or self.find(key, tenant)

    def only(self, tenant: str = "") -> Site | None:
        """Return the site ``localhost``."""
        return self.find(_LOCALHOST, tenant)

    def bound(self, mount: str) -> Site | None:
        """Return the site that is bound to *mount*, else ``localhost``."""
        self._directory.refuse_unread()
        return self._directory.things.bound(mount) or self.only()


def _known_or(directory: Directory, others: Sites, claimed: str, tenant: str) -> Site | None:
    if not directory.is_ready:
        directory.refuse_unread()
    things = directory.things
    site = things.by_name.get(claimed)
    if site is not None:
        return site if not tenant or site.tenant == tenant else None
    return None if things.has_decided_on(claimed) else others.find(claimed, tenant)


def _keyed_or(directory: Directory, others: Sites, tenant: str, key: str) -> Site | None:
    directory.refuse_unread()
    return directory.things.site(tenant, key) or _known_or(directory, others, key, tenant)


def tenant_of_strangers(collection: Collection, directory: Directory) -> str:
    """Return whose the hits are that no key and no site assigns: the only tenant's; of several nobody's, which is ""."""
    tenants = set(directory.things.tenants)
    if not tenants or collection.sites or collection.mode is Mode.DEVELOPMENT:
        tenants.add(collection.tenant)  # whose sites are those that nobody had to add
    return tenants.pop() if len(tenants) == 1 else ""


def collected_sites(collection: Collection, directory: Directory) -> Sites:
    """Return the sites that are collected for: those of *directory*, beside what the settings call for."""
    if collection.mode is Mode.PRODUCTION:
        return KnownOrListed(directory, ListedSites(collection.tenant, collection.sites))
    return KnownOrAny(directory, AnySite(collection.tenant))
