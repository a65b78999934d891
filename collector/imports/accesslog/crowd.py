"""How many visitors came from how many addresses: a wrong idea of where the address stands shows in nothing else."""

from collections import Counter
from typing import Final

# What is kept of each is a number of this process alone; beyond so many the counts are "more than".
_MOST_KEPT: Final = 250_000


class Crowd:
    """Counts visitors and their addresses, robots left out."""

    def __init__(self, most: int = _MOST_KEPT) -> None:
        self._most = most
        self._visitors: set[int] = set()
        self._seen_at: Counter[int] = Counter()
        self.is_over = False
        self.events = 0

    def count(self, *, visitor: str, address: str) -> None:
        """Count an event of *visitor*, who came from *address*."""
        self.events += 1
        self._visitors.add(hash(visitor))
        self._seen_at[hash(address)] += 1
        if len(self._visitors) > self._most:
            self.is_over = True
            self._visitors.pop()
        if len(self._seen_at) > self._most:
            self._seen_at.popitem()

    @property
    def visitors(self) -> int:
        """Return how many visitors there were: whoever comes on two days counts as two."""
        return len(self._visitors)

    @property
    def addresses(self) -> int:
        """Return from how many addresses they came."""
        return len(self._seen_at)

    @property
    def at_one_address(self) -> int:
        """Return how many of the events came from the address that most came from."""
        return max(self._seen_at.values(), default=0)
