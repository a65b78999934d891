"""Binding a site to a mount: it gets what comes in by that system's addresses without a credential, and no other does."""

from collections.abc import Sequence

from collector.control.checked import known_site, known_tenant
from collector.control.decided import MOUNT_TAKEN, Decided, conflict, invalid
from collector.control.journal import Journal, Seen, Stamp
from contracts.control.mounts import MountClaim, MountClaimed, MountReleased, mount_id
from contracts.control.sites import Site, SiteBound, SiteState, SiteUnbound, site_id
from contracts.mounts import Mount


class Binding:
    """The commands about mounts; each mount is one site's of the whole installation."""

    def __init__(self, journal: Journal) -> None:
        self._journal = journal

    def bind(self, tenant: str, key: str, mount: str, *, by: str, expected_version: int | None = None) -> Decided[Site]:
        """Let what comes in by *mount* and names no site be for this one."""
        seen, site = self._known(tenant, key, expected_version)
        mount, stamp = _known_mount(mount), self._journal.stamp(by)
        if site.state in (SiteState.ERASING, SiteState.ERASED):
            raise conflict("The site is erased, or about to be: nothing can be decided about it any more.")
        if mount in site.mounts:
            return seen.unchanged(site)
        claim: Seen[MountClaim] = self._journal.look(mount_id(mount))
        if claim.thing is not None and claim.thing.key:
            raise conflict(MOUNT_TAKEN)
        bound = SiteBound(**seen.head(stamp), mount=mount)
        claimed = MountClaimed(**claim.head(stamp), tenant=site.tenant, key=site.key)
        return self._journal.record(seen, bound, claimed, beside=(claim,))

    def unbind(self, tenant: str, key: str, mount: str, *, by: str, expected_version: int | None = None) -> Decided[Site]:
        """Let what comes in by *mount* not be for this site any more, so that it may be for any."""
        seen, site = self._known(tenant, key, expected_version)
        mount, stamp = _known_mount(mount), self._journal.stamp(by)
        if mount not in site.mounts:
            return seen.unchanged(site)
        freed, claims = released(self._journal, [mount], site, stamp)
        return self._journal.record(seen, SiteUnbound(**seen.head(stamp), mount=mount), *freed, beside=claims)

    def _known(self, tenant: str, key: str, expected_version: int | None) -> tuple[Seen[Site], Site]:
        return self._journal.known(site_id(known_tenant(tenant, sought="site"), known_site(key)), expected_version)


def released(
    journal: Journal, mounts: Sequence[str], site: Site, stamp: Stamp
) -> tuple[list[MountReleased], tuple[Seen[MountClaim], ...]]:
    """Return the events that free those of *mounts* that are bound to *site*, and what they are about."""
    claims: list[Seen[MountClaim]] = [journal.look(mount_id(mount)) for mount in mounts]
    ours = [one for one in claims if one.thing and (one.thing.tenant, one.thing.key) == (site.tenant, site.key)]
    return [MountReleased(**one.head(stamp)) for one in ours], tuple(ours)


def _known_mount(mount: str) -> str:
    if mount not in {each.value for each in Mount}:
        raise invalid("mount", f"Send one of {', '.join(Mount)}.")
    return mount
