"""/v1/admin/tenants: who owns sites and keys; only who runs the installation decides about them, and sees them all."""

from typing import Any

from litestar import Response, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody
from msgspec import Struct

from collector.control.admin.desk import PlainRequest
from collector.control.admin.door import changed
from collector.control.admin.motion import Motion
from collector.control.admin.pages import Page, PageAsked, cut
from collector.control.checked import new_tenant
from collector.control.decided import Decided, not_found
from collector.control.views import TenantView, tenant_view
from contracts.control.tenants import Tenant, tenant_id


class NewTenant(Struct, frozen=True, kw_only=True):
    """A tenant to be: its name stands in every fact and never changes, its label on pages."""

    name: str
    label: str = ""


class Labelled(Struct, frozen=True, kw_only=True):
    """What a tenant is called from now on."""

    label: str


class TenantChanged(Struct, frozen=True, kw_only=True):
    """The tenant as it is from the control sequence ``seq`` on."""

    seq: int
    tenant: TenantView


@get("/v1/admin/tenants", summary="Tenants")
async def list_tenants(motion: NamedDependency[Motion], page: NamedDependency[PageAsked]) -> Page[TenantView]:
    """Return every tenant of the installation."""
    motion.require_installation()
    things = await motion.desk.deciding.things()
    found = things.some(Tenant, after=tenant_id(page.after), most=page.most)
    return cut([tenant_view(tenant) for tenant in found], page, key=lambda view: view.name)


@post("/v1/admin/tenants", summary="Add a tenant", status_code=201)
async def add_tenant(
    request: PlainRequest, data: JSONBody[NewTenant], motion: NamedDependency[Motion]
) -> Response[TenantChanged]:
    """Add a tenant; one that is there exactly so is answered with 200."""
    motion.require_installation()

    thing_id = tenant_id(new_tenant(data.name))
    return _changed(
        request,
        *await motion.add(thing_id, lambda plane: plane.tenants.add(data.name, label=data.label, by=motion.by)),
    )


@get("/v1/admin/tenants/{tenant_name:str}", summary="A tenant")
async def show_tenant(tenant_name: FromPath[str], motion: NamedDependency[Motion]) -> TenantView:
    """Return a tenant."""
    motion.require_installation()
    found = (await motion.desk.deciding.things()).thing(tenant_id(tenant_name))
    if not isinstance(found, Tenant):
        raise not_found("tenant")
    return tenant_view(found)


@post("/v1/admin/tenants/{tenant_name:str}/label", summary="Call a tenant otherwise", status_code=200)
async def label_tenant(
    request: PlainRequest, tenant_name: FromPath[str], data: JSONBody[Labelled], motion: NamedDependency[Motion]
) -> Response[TenantChanged]:
    """Call a tenant otherwise on pages."""
    motion.require_installation()
    version = motion.expected_version
    return _changed(
        request,
        await motion.decide(
            lambda plane: plane.tenants.label(tenant_name, label=data.label, by=motion.by, expected_version=version)
        ),
    )


@post("/v1/admin/tenants/{tenant_name:str}/archive", summary="Archive a tenant", status_code=200)
async def archive_tenant(
    request: PlainRequest, tenant_name: FromPath[str], motion: NamedDependency[Motion]
) -> Response[TenantChanged]:
    """Take nothing more for a tenant, and let none of its keys and members do anything."""
    motion.require_installation()
    version = motion.expected_version
    return _changed(
        request,
        await motion.decide(lambda plane: plane.tenants.archive(tenant_name, by=motion.by, expected_version=version)),
    )


@post("/v1/admin/tenants/{tenant_name:str}/restore", summary="A tenant as it was", status_code=200)
async def restore_tenant(
    request: PlainRequest, tenant_name: FromPath[str], motion: NamedDependency[Motion]
) -> Response[TenantChanged]:
    """Let a tenant be as it was."""
    motion.require_installation()
    version = motion.expected_version
    return _changed(
        request,
        await motion.decide(lambda plane: plane.tenants.restore(tenant_name, by=motion.by, expected_version=version)),
    )


def _changed(request: PlainRequest, decided: Decided[Tenant], status: int = 200) -> Response[Any]:
    answer = TenantChanged(seq=decided.seq, tenant=tenant_view(decided.thing))
    return changed(request, answer, seq=decided.seq, version=decided.thing.version, status=status)


TENANTS = (list_tenants, add_tenant, show_tenant, label_tenant, archive_tenant, restore_tenant)
