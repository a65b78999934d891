"""Limit: how much may be sent by a key, from an address without one, and for a site; counted in this process alone.

Why not the library `limits`: see CONTRIBUTING, "Why not".
"""

import secrets
from collections.abc import Callable, Hashable
from math import ceil
from typing import Final, Protocol

from collector.arrival import Head
from collector.hit import Sender
from collector.outcomes import Quota, Refused, RefuseReason
from collector.privacy.client_ip import NEARBY
from collector.settings import Limits
from collector.sites import Site
from contracts.pace import Pace
from contracts.prefix import KEY_BYTES, hashed_prefix


class Limit(Protocol):
    """Who may send how much; each method raises Refused, with the seconds to wait, when it is one too many.

    A Quota that is returned says how much is left, for the answer's headers; None leaves it unsaid.
    """

    def of_request(self, sender: Sender, head: Head) -> Quota | None:
        """Count one hit of a request of which only the head is there."""

    def of_further_hits(self, sender: Sender, head: Head, hits: int) -> Quota | None:
        """Count *hits* more that the same request turned out to hold: it was let in, so whoever sent it waits afterwards."""

    def of_key_in_body(self, sender: Sender) -> None:
        """Count one hit of a key that was recognised only in the body."""

    def of_site(self, site: Site) -> None:
        """Count one hit of *site*."""


class LimitNobody:
    """Let everybody send as much as they like."""

    def of_request(self, sender: Sender, head: Head) -> Quota | None:
        """Let it in."""

    def of_further_hits(self, sender: Sender, head: Head, hits: int) -> Quota | None:
        """Let them in."""

    def of_key_in_body(self, sender: Sender) -> None:
        """Let it in."""

    def of_site(self, site: Site) -> None:
        """Let it in."""


limit_nobody: Final = LimitNobody()


class LimitByPace:
    """The limits that the settings name. Addresses are held as hashes under a key that exists in this process's memory alone.

    A secret key stands for one sender, wherever it is used; one that anybody can read in a page is limited by address, too.
    A page's own answers say what is left only when half of it is used up: nobody there reads it, and each header costs.
    """

    def __init__(self, settings: Limits, clock: Callable[[], float]) -> None:
        """Count by *clock*, seconds that never go back."""
        self._clock = clock
        self._hash_key = secrets.token_bytes(KEY_BYTES)
        self._addresses = _pace(settings.address, settings.address_burst)
        self._keys = _pace(settings.key, settings.key_burst)
        self._sites = _pace(settings.site, settings.site_burst)

    def of_request(self, sender: Sender, head: Head) -> Quota | None:
        """Count one hit of the key, or of the address, or of both."""
        if not sender.credential:
            return self._of_address(head)
        if not sender.is_server:
            self._of_address(head)
        pace = self._keys
        return None if pace is None else _quota(pace, _take(pace, sender.credential, self._clock()))

    def of_further_hits(self, sender: Sender, head: Head, hits: int) -> Quota | None:
        """Count *hits* more of whatever the request was counted of."""
        now = self._clock()
        quota: Quota | None = None
        is_by_address = not sender.credential or not sender.is_server
        if self._addresses is not None and is_by_address and not _is_nearby(head.ip):
            quota = _quota(self._addresses, self._addresses.owe(hashed_prefix(head.ip, self._hash_key), now, hits))
        if self._keys is not None and sender.credential:
            quota = _quota(self._keys, self._keys.owe(sender.credential, now, hits))
        return quota

    def of_key_in_body(self, sender: Sender) -> None:
        """Count one hit of the key."""
        if self._keys is not None and sender.credential:
            _take(self._keys, sender.credential, self._clock())

    def of_site(self, site: Site) -> None:
        """Count one hit of *site*."""
        if self._sites is not None:
            _take(self._sites, (site.tenant, site.id), self._clock())

    def _of_address(self, head: Head) -> Quota | None:
        pace = self._addresses
        if pace is None or _is_nearby(head.ip):
            return None
        ahead = _take(pace, hashed_prefix(head.ip, self._hash_key), self._clock())
        return None if ahead * 2 < pace.room else _quota(pace, ahead)


def _pace(per_minute: int, burst: int) -> Pace | None:
    return Pace(per_minute=per_minute, burst=burst) if per_minute else None


def _is_nearby(ip: str) -> bool:
    # Whoever comes from there is one's own, or everybody, behind a proxy that was not named in COLLECTOR_TRUSTED_PROXIES:
    # refusing that one would refuse all of them.
    return not ip or ip.startswith(NEARBY)


def _take(pace: Pace, who: Hashable, now: float) -> float:
    """Count one of *who* and return by how much they are ahead, or raise Refused."""
    ahead = pace.take(who, now)
    if ahead <= pace.room:
        return ahead
    wait = max(ceil(ahead - pace.room), 1)
    raise Refused(RefuseReason.RATE_LIMITED, retry_after=wait, quota=_quota(pace, ahead - pace.interval))


def _quota(pace: Pace, ahead: float) -> Quota:
    return Quota(limit=pace.burst, remaining=pace.left(ahead), reset=ceil(ahead))
