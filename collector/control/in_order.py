"""Ids in order: added one by one in whatever order, and read from any one on without going through those before it."""

from bisect import bisect_right, insort
from collections.abc import Iterator
from typing import Final

# Each that is put in its place moves those behind it; of more than so many, all are sorted at once.
_MOST_INSERTED: Final = 64


class InOrder:
    """Ids, each of which is added once; put in order only when somebody reads them, for most are added at the start."""

    def __init__(self) -> None:
        self._ids: list[str] = []
        self._new: list[str] = []

    def add(self, id_: str) -> None:
        """Add an id that is not there yet."""
        self._new.append(id_)

    def after(self, id_: str) -> Iterator[str]:
        """Return the ids behind *id_*, in order."""
        self._settle()
        for at in range(bisect_right(self._ids, id_), len(self._ids)):
            yield self._ids[at]

    def _settle(self) -> None:
        new, self._new = self._new, []
        if len(new) > _MOST_INSERTED:
            self._ids = sorted(self._ids + new)
            return
        for id_ in new:
            insort(self._ids, id_)
