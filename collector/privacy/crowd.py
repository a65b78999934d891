"""Crowd: how many addresses and how many browsers hits come from, counted only until it says enough; neither is kept."""

import secrets
from typing import Final

from collector.arrival import Head
from collector.privacy.client_ip import NEARBY
from contracts.prefix import KEY_BYTES, hashed, hashed_prefix

# From so many addresses comes who stands behind no proxy.
ENOUGH_ADDRESSES: Final = 5
# So many browsers to each address are more than a household has.
ENOUGH_AGENTS: Final = 20
# Behind so many hits one of some is looked at: two hashes a hit are not cheap, and whoever was not among them is rare.
EACH_OF_FIRST: Final = 256
ONE_OF: Final = 16
_KEY: Final = secrets.token_bytes(KEY_BYTES)


class Crowd:
    """Whoever sent the hits of one site in one hour, as two numbers; hashes under a key of this process are held until then."""

    def __init__(self) -> None:
        self.addresses = self.agents = self.private = self.unread = self.hits = 0
        self._addresses: set[int] = set()
        self._agents: set[int] = set()
        self._is_open = True

    def see(self, head: Head) -> None:
        """Count whoever sent *head*."""
        self.hits += 1
        self.unread += head.is_unread
        self.private += head.ip.startswith(NEARBY)
        if self._is_open and (self.hits <= EACH_OF_FIRST or self.hits % ONE_OF == 0):
            self._tell_apart(head)

    def close(self) -> None:
        """Tell nobody apart any more, and forget every hash."""
        self._is_open = False
        self._addresses.clear()
        self._agents.clear()

    def _tell_apart(self, head: Head) -> None:
        self._addresses.add(hashed_prefix(head.ip, _KEY))
        if len(self._agents) < ENOUGH_AGENTS:
            self._agents.add(hashed(head.headers.get(b"user-agent", b""), _KEY))
        self.addresses, self.agents = len(self._addresses), len(self._agents)
        if self.addresses >= ENOUGH_ADDRESSES:
            self.close()
