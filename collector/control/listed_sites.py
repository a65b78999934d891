"""The sites that the settings name, which are added once: what was decided about them since is not decided over."""

import logging
from collections.abc import Iterable
from enum import StrEnum

from msgspec import Struct

from collector.control.decided import Reason, Undecided
from collector.control.plane import ControlPlane
from contracts.control.sites import Name, Site, SiteState, name_id, site_id
from contracts.control.tenants import Tenant, tenant_id

log = logging.getLogger(__name__)

BY = "settings"


class Why(StrEnum):
    """Why a site that the settings name is not collected for, or not as they say."""

    TENANT_ARCHIVED = "the tenant is archived"
    ARCHIVED = "the site was archived"
    ERASED = "the site was deleted with its facts"
    UNNAMED = "the name was given up, or belongs to another site"


class Differs(Struct, frozen=True, kw_only=True):
    """A name in the settings that is not what they say, and why; what was decided since counts."""

    name: str
    why: Why


def add_listed_sites(plane: ControlPlane, tenant: str, names: Iterable[str]) -> list[Differs]:
    """Add those of *names* that no decision was ever about to *tenant*, and return what differs."""
    found = list(names)
    if not found:
        return []
    owner: Tenant | None = plane.look(tenant_id(tenant)).thing
    if owner is not None and owner.is_archived:
        return [Differs(name=name, why=Why.TENANT_ARCHIVED) for name in found]
    if owner is None:
        plane.tenants.add(tenant, by=BY)
    return [Differs(name=name, why=why) for name in found if (why := _add(plane, tenant, name)) is not None]


def _add(plane: ControlPlane, tenant: str, name: str) -> Why | None:
    if not plane.look(site_id(tenant, name)).version and not plane.look(name_id(name)).version:
        try:
            plane.sites.add(tenant, name, by=BY)
        except Undecided as undecided:
            if undecided.reason is not Reason.CONFLICT:  # another process adds the same ones
                raise
        else:
            log.info("a site of COLLECTOR_SITES was added to the control plane")
    return _why_not(plane, tenant, name)


def _why_not(plane: ControlPlane, tenant: str, name: str) -> Why | None:
    """Return why *name* is no open site of *tenant*, None when it is one; the name of another of its sites is one, too."""
    owned: Name | None = plane.look(name_id(name)).thing
    if owned is None or owned.tenant != tenant:
        own: Site | None = plane.look(site_id(tenant, name)).thing
        return Why.ERASED if own is not None and own.state is SiteState.ERASED else Why.UNNAMED
    site: Site | None = plane.look(site_id(tenant, owned.key)).thing
    match None if site is None else site.state:
        case SiteState.OPEN:
            return None
        case SiteState.ARCHIVED:
            return Why.ARCHIVED
        case SiteState.ERASING | SiteState.ERASED:
            return Why.ERASED
    return Why.UNNAMED
