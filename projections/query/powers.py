"""Powers: what a caller may change, so that a page shows nobody a form that would be refused; the administration decides."""

from collections.abc import Iterable

from msgspec import Struct

from contracts.control.people import Grant, Role
from projections.query.caller import Caller

_CHANGING = (Role.EDITOR, Role.OWNER)


class Powers(Struct, frozen=True, kw_only=True):
    """What somebody may change of the tenant that they look at: the sites in ``edits``, keys and people of those in ``owns``.

    None is the whole tenant. Who ``runs_installation`` decides about tenants, too.
    """

    edits: frozenset[str] | None = frozenset()
    owns: frozenset[str] | None = frozenset()
    runs_installation: bool = False

    @property
    def adds_sites(self) -> bool:
        """Say whether they may add a site."""
        return self.edits is None

    @property
    def is_owner(self) -> bool:
        """Say whether there are keys and people that they decide about."""
        return self.owns is None or bool(self.owns)

    def may_edit(self, site: str) -> bool:
        """Say whether they may change *site*."""
        return self.edits is None or site in self.edits

    def may_own(self, site: str | None) -> bool:
        """Say whether they decide about the keys and people of *site*, of all sites where it is None."""
        return self.owns is None or site in self.owns


NONE = Powers()


def powers_of(caller: Caller) -> Powers:
    """Return what *caller* may change; credentials of machines change nothing on a page."""
    if caller.is_guest:
        return Powers(edits=None, owns=None, runs_installation=True)
    owned = [grant for grant in caller.grants if grant.role is Role.OWNER]
    return Powers(
        edits=_sites(grant for grant in caller.grants if grant.role in _CHANGING),
        owns=_sites(owned),
        runs_installation=any(grant.tenant is None for grant in owned),
    )


def _sites(grants: Iterable[Grant]) -> frozenset[str] | None:
    sites = {grant.site for grant in grants}
    return None if None in sites else frozenset(site for site in sites if site is not None)
