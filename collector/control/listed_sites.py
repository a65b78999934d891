"""The sites that the settings name, which are added once: what was decided about them since is not decided over."""

import logging
from collections.abc import Callable, Iterable
from enum import StrEnum
from typing import TypeAlias

from msgspec import Struct

from collector.control.decided import Reason, Undecided
from collector.control.plane import ControlPlane
from contracts.control import Thing
from contracts.control.sites import Name, Site, SiteState, name_id, site_id
from contracts.control.tenants import Tenant, tenant_id

log = logging.getLogger(__name__)

BY = "settings"
# The id of a thing -> the thing, None where there is none.
Look: TypeAlias = Callable[[str], Thing | None]


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
    if owner is None:
        plane.tenants.settle(tenant, by=BY)
    if owner is None or not owner.is_archived:
        for name in found:
            _add(plane, tenant, name)
    return differences(lambda thing_id: plane.look(thing_id).thing, tenant, found)


def differences(look: Look, tenant: str, names: Iterable[str]) -> list[Differs]:
    """Return which of *names* are no open sites of *tenant*; the name of another of its sites is one, too.

    One that nobody has decided about yet is added when ingest starts, and is no difference.
    """
    owner = look(tenant_id(tenant))
    if isinstance(owner, Tenant) and owner.is_archived:
        return [Differs(name=name, why=Why.TENANT_ARCHIVED) for name in names]
    return [Differs(name=name, why=why) for name in names if (why := _why_not(look, tenant, name)) is not None]


def _add(plane: ControlPlane, tenant: str, name: str) -> None:
    if plane.look(site_id(tenant, name)).version or plane.look(name_id(name)).version:
        return
    try:
        plane.sites.add(tenant, name, by=BY)
    except Undecided as undecided:
        if undecided.reason is not Reason.CONFLICT:  # another process adds the same ones
            raise
    else:
        log.info("a site of COLLECTOR_SITES was added to the control plane")


def _why_not(look: Look, tenant: str, name: str) -> Why | None:
    owned, own = look(name_id(name)), look(site_id(tenant, name))
    if not isinstance(owned, Name) and own is None:
        return None
    if not isinstance(owned, Name) or owned.tenant != tenant:
        return Why.ERASED if isinstance(own, Site) and own.state is SiteState.ERASED else Why.UNNAMED
    site = look(site_id(tenant, owned.key))
    match site.state if isinstance(site, Site) else None:
        case SiteState.OPEN:
            return None
        case SiteState.ARCHIVED:
            return Why.ARCHIVED
        case SiteState.ERASING | SiteState.ERASED:
            return Why.ERASED
    return Why.UNNAMED
