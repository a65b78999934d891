"""Pace: so much at once and so much a minute from then on, kept for anybody as one number; no clock and no transport."""

from collections.abc import Hashable
from typing import Final

from contracts.recent import MOST, Recent

MINUTE: Final = 60.0
# A burst is added up from many small floats.
_SLACK: Final = 0.01


class Pace:
    """A moving window with burst: the generic cell rate algorithm, whose whole memory of somebody is one time.

    Whoever has had one is ahead of the pace by the ``interval`` in which one becomes free again, and may be ahead by the
    ``room`` that *burst* take. All times are seconds of one clock that never goes back.
    """

    def __init__(self, *, per_minute: int, burst: int, most: int = MOST) -> None:
        self.burst = burst
        self.interval = MINUTE / per_minute
        self.room = self.interval * (burst + _SLACK)
        self._level: Recent[float] = Recent(_seconds_ahead, most=most)

    def take(self, who: Hashable, now: float) -> float:
        """Return by how much *who* is ahead with one more; it is counted unless that is more than ``room``."""
        young = self._level.young  # who is there costs one look-up, for this is done for every hit
        level = young.get(who)
        if level is None:
            return self._take_of_others(who, now)
        ahead = self.interval if level <= now else level - now + self.interval
        if ahead <= self.room:
            young[who] = now + ahead
        return ahead

    def owe(self, who: Hashable, now: float, amount: int) -> float:
        """Count *amount* in any case, and return by how much *who*, who waits all the longer for the next, is ahead."""
        ahead = max(self._level.get(who, now) - now, 0.0) + self.interval * amount
        self._level.put(who, now + ahead, now)
        return ahead

    def _take_of_others(self, who: Hashable, now: float) -> float:
        ahead = max(self._level.get(who, now) - now, 0.0) + self.interval
        if ahead <= self.room:
            self._level.put(who, now + ahead, now)
        return ahead

    def left(self, ahead: float) -> int:
        """Return how many more whoever is *ahead* may have at once."""
        return max(int((self.room - ahead) / self.interval), 0)


def _seconds_ahead(level: float, now: float) -> float:
    return level - now
