"""Mounts: whose what comes in by a system's addresses is, where it names no site and shows no key."""

from typing import Annotated, TypeAlias

from msgspec import Meta, Struct, structs

from contracts.control.envelope import ControlEvent, SiteName, TenantName

KIND = "mount"

# One of contracts/mounts.py; another is no new version.
MountName: TypeAlias = Annotated[str, Meta(pattern="^[a-z0-9]{1,32}$")]


class MountClaimed(ControlEvent, frozen=True, tag="mount_claimed.v1"):
    """What comes in by the mount and names no site is for the site ``key`` of ``tenant``, and for no other."""

    tenant: TenantName
    key: SiteName


class MountReleased(ControlEvent, frozen=True, tag="mount_released.v1"):
    """What comes in by the mount and names no site is nobody's."""


EVENTS = (MountClaimed, MountReleased)


class MountClaim(Struct, frozen=True, kw_only=True):
    """A mount, and the site that it is bound to; ``tenant`` and ``key`` are empty while it is to none."""

    id: str
    version: int
    tenant: str = ""
    key: str = ""


def mount_id(mount: str) -> str:
    """Return the id of the claim to *mount*."""
    return f"{KIND}:{mount}"


def fold(claim: MountClaim | None, event: ControlEvent) -> MountClaim | None:
    """Return whose the mount is after *event*."""
    match event:
        case MountClaimed():
            return MountClaim(id=event.originator_id, version=event.originator_version, tenant=event.tenant, key=event.key)
        case MountReleased():
            return MountClaim(id=event.originator_id, version=event.originator_version)
    return None if claim is None else structs.replace(claim, version=event.originator_version)
