"""Strangers: the sites that hits were dropped for though they are none of ours, by name, as many of them as a day may have."""

from collections.abc import Container
from datetime import date

from collector.hit import Hit
from collector.privacy.site_name import plausible_site
from collector.sites import Site, Sites
from contracts.names import canonical_site
from contracts.tallies import NAMES_A_DAY, OTHER_SITES


class Strangers:
    """Says under which site a dropped hit is counted; what is no name, or one too many today, is counted as other sites.

    Those of nobody's site are ``tenant``'s.
    """

    def __init__(self, tenant: str) -> None:
        self.tenant = tenant
        self._day = date.min
        self._named: dict[tuple[str, str], Site] = {}

    def site_of(self, hit: Hit, sites: Sites, ours: Container[tuple[str, str]]) -> Site:
        """Return the site that *hit* claims; *ours* are the tenants and sites of hits that were stored, which are no secret."""
        # What was sent with a key is told to that key's tenant.
        tenant = hit.sender.tenant or self.tenant
        claimed = hit.sender.site or hit.site
        if not claimed:
            return sites.only(hit.sender.tenant) or Site(tenant=tenant, id="")
        name = canonical_site(claimed)
        if name is None:
            return Site(tenant=tenant, id=OTHER_SITES)
        found = sites.keyed(tenant, name) if hit.sender.site else sites.find(name, hit.sender.tenant)
        if found is not None and ((found.tenant, found.id) in ours or plausible_site(claimed)):
            return found
        return self._stranger(name, claimed, hit.received_at.date(), tenant)

    def _stranger(self, name: str, claimed: str, day: date, tenant: str) -> Site:
        if day > self._day:  # a clock that goes back begins no day again
            self._day = day
            self._named.clear()
        if (known := self._named.get((tenant, name))) is not None:
            return known
        # Looked at only while there is room: who invents names costs no more than a look-up each.
        if len(self._named) >= NAMES_A_DAY or not plausible_site(claimed):
            return Site(tenant=tenant, id=OTHER_SITES)
        return self._named.setdefault((tenant, name), Site(tenant=tenant, id=name))
