"""Decisions about tenants: added, called by another label, archived and restored."""

from collector.control.checked import known_tenant, new_tenant
from collector.control.decided import Decided, Reason, Undecided, conflict
from collector.control.journal import Journal, Seen
from contracts.control.tenants import (
    Tenant,
    TenantAdded,
    TenantArchived,
    TenantLabelled,
    TenantRestored,
    tenant_id,
)


class Tenants:
    """The commands about tenants."""

    def __init__(self, journal: Journal) -> None:
        self._journal = journal

    def add(self, name: str, *, label: str = "", by: str) -> Decided[Tenant]:
        """Add a tenant; one that is there exactly so is returned."""
        seen: Seen[Tenant] = self._journal.look(tenant_id(new_tenant(name)))
        if seen.thing is not None:
            if seen.thing.label == label and not seen.thing.is_archived:
                return seen.unchanged(seen.thing)
            raise conflict("There is a tenant of that name, and it is not as this one: label or restore it instead.")
        return self._journal.record(seen, TenantAdded(**seen.head(self._journal.stamp(by)), label=label))

    def settle(self, name: str, *, by: str) -> None:
        """Let there be a tenant of that name; what was decided about one that is there stays."""
        if self._journal.look(tenant_id(new_tenant(name))).version:
            return
        try:
            self.add(name, by=by)
        except Undecided as undecided:
            if undecided.reason is not Reason.CONFLICT:  # another process adds it, too
                raise

    def find(self, name: str) -> Tenant:
        """Return the tenant called *name*."""
        return self._known(name)[1]

    def label(self, name: str, *, label: str, by: str, expected_version: int | None = None) -> Decided[Tenant]:
        """Call the tenant *label* on pages."""
        seen, tenant = self._known(name, expected_version)
        if tenant.label == label:
            return seen.unchanged(tenant)
        return self._journal.record(seen, TenantLabelled(**seen.head(self._journal.stamp(by)), label=label))

    def archive(self, name: str, *, by: str, expected_version: int | None = None) -> Decided[Tenant]:
        """Take nothing more for the tenant, and let none of its keys and members do anything."""
        seen, tenant = self._known(name, expected_version)
        if tenant.is_archived:
            return seen.unchanged(tenant)
        return self._journal.record(seen, TenantArchived(**seen.head(self._journal.stamp(by))))

    def restore(self, name: str, *, by: str, expected_version: int | None = None) -> Decided[Tenant]:
        """Let the tenant be as it was before it was archived."""
        seen, tenant = self._known(name, expected_version)
        if not tenant.is_archived:
            return seen.unchanged(tenant)
        return self._journal.record(seen, TenantRestored(**seen.head(self._journal.stamp(by))))

    def _known(self, name: str, expected_version: int | None = None) -> tuple[Seen[Tenant], Tenant]:
        return self._journal.known(tenant_id(known_tenant(name)), expected_version)


def working_tenant(journal: Journal, name: str) -> Tenant:
    """Return the tenant called *name*, for which something new may be decided."""
    tenant: Tenant = journal.known(tenant_id(known_tenant(name)))[1]
    if tenant.is_archived:
        raise conflict("The tenant is archived. Restore it first.")
    return tenant
