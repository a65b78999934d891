"""Tenants: who owns sites, keys and facts; a tenant's name stands in every fact and never changes."""

from msgspec import Struct, structs

from contracts.control.envelope import ControlEvent, Label, TenantName

KIND = "tenant"


class TenantAdded(ControlEvent, frozen=True, tag="tenant_added.v1"):
    """There is a tenant; it is called ``label`` on pages."""

    label: Label = ""


class TenantLabelled(ControlEvent, frozen=True, tag="tenant_labelled.v1"):
    """The tenant is called ``label`` from now on."""

    label: Label


class TenantArchived(ControlEvent, frozen=True, tag="tenant_archived.v1"):
    """Nothing is taken for the tenant any more, and none of its keys and members may do anything."""


class TenantRestored(ControlEvent, frozen=True, tag="tenant_restored.v1"):
    """The tenant is as it was before it was archived."""


EVENTS = (TenantAdded, TenantLabelled, TenantArchived, TenantRestored)


class Tenant(Struct, frozen=True, kw_only=True):
    """A tenant as its events leave it."""

    id: str
    version: int
    name: TenantName
    label: Label = ""
    is_archived: bool = False


def tenant_id(name: str) -> str:
    """Return the id of the tenant called *name*."""
    return f"{KIND}:{name}"


def fold(tenant: Tenant | None, event: ControlEvent) -> Tenant | None:
    """Return what *tenant* is after *event*; None while there is none."""
    match event:
        case TenantAdded():
            name = event.originator_id.removeprefix(f"{KIND}:")
            return Tenant(id=event.originator_id, version=event.originator_version, name=name, label=event.label)
    if tenant is None:
        return None
    tenant = structs.replace(tenant, version=event.originator_version)
    match event:
        case TenantLabelled():
            return structs.replace(tenant, label=event.label)
        case TenantArchived():
            return structs.replace(tenant, is_archived=True)
        case TenantRestored():
            return structs.replace(tenant, is_archived=False)
    return tenant
