"""Authority: what somebody may decide about, whatever they have shown for it; everybody's is a list of grants."""

from msgspec import Struct

from contracts.control.people import Grant, Role

_EDITORS = frozenset({Role.OWNER, Role.EDITOR})
EVERYTHING = (Grant(role=Role.OWNER),)


class Authority(Struct, frozen=True, kw_only=True):
    """Who decides, as control events name them, and what they were granted.

    An owner decides everything of what the grant is for, an editor about sites, and a viewer nothing.
    """

    by: str
    grants: tuple[Grant, ...]

    @property
    def runs_installation(self) -> bool:
        """Say whether they may decide about tenants, and about whoever runs the installation."""
        return self.owns(None, None)

    @property
    def tenants(self) -> list[str]:
        """Return the tenants that are named in what they were granted."""
        return sorted({grant.tenant for grant in self.grants if grant.tenant is not None})

    def reaches(self, tenant: str) -> bool:
        """Say whether anything of *tenant* is open to them."""
        return any(grant.tenant in (None, tenant) for grant in self.grants)

    def sees(self, tenant: str, site: str | None) -> bool:
        """Say whether *site*, or all sites where it is None, are open to them, in whatever role."""
        return any(_is_for(grant, tenant, site) for grant in self.grants)

    def edits(self, tenant: str, site: str | None) -> bool:
        """Say whether they may decide about *site*, or about all sites where it is None."""
        return any(grant.role in _EDITORS and _is_for(grant, tenant, site) for grant in self.grants)

    def owns(self, tenant: str | None, site: str | None) -> bool:
        """Say whether keys and people of *site*, of all sites, or of the installation where *tenant* is None are theirs."""
        return any(grant.role is Role.OWNER and _is_for(grant, tenant, site) for grant in self.grants)

    def owns_any(self, tenant: str) -> bool:
        """Say whether they own *tenant*, or one of its sites."""
        return any(grant.role is Role.OWNER and grant.tenant in (None, tenant) for grant in self.grants)

    def owned(self, grants: tuple[Grant, ...]) -> tuple[Grant, ...]:
        """Return those of *grants* that they may give and take."""
        return tuple(grant for grant in grants if self.owns(grant.tenant, grant.site))


def _is_for(grant: Grant, tenant: str | None, site: str | None) -> bool:
    return grant.tenant in (None, tenant) and grant.site in (None, site)
