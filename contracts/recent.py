"""Recent: a memory of who did something lately that never grows beyond its bound, whoever comes and however many they are."""

from collections.abc import Callable, Hashable
from heapq import nlargest
from typing import Final, Generic, TypeVar

Value = TypeVar("Value")

# More than can matter at once at the default paces; what is passed over at a turn, while everybody waits, are milliseconds.
MOST: Final = 32_768
# Nobody is remembered for much longer than it matters, also where few come.
GENERATION_SECONDS: Final = 600.0


class Recent(Generic[Value]):
    """At most *most* entries, in two generations of which the older is given up when the younger is full or old enough.

    *weigh* says how much an entry still matters at a time: nothing, and it may go; else it moves on when its generation is
    given up. Where more matter than a quarter of the room can hold, those who matter least go first. So somebody who comes
    under many names pushes out what is worth nothing and then his own, and never those who have most to wait for. What is in
    ``young`` may be changed there.
    """

    def __init__(self, weigh: Callable[[Value, float], float], *, most: int = MOST) -> None:
        self._weigh = weigh
        self._half = most // 2
        self.young: dict[Hashable, Value] = {}
        self._old: dict[Hashable, Value] = {}
        self._ends = 0.0

    def __len__(self) -> int:
        """Return how many entries are held, those of both generations twice."""
        return len(self.young) + len(self._old)

    def get(self, who: Hashable, unknown: Value) -> Value:
        """Return what is remembered of *who*, or *unknown*."""
        found = self.young.get(who)
        return self._old.get(who, unknown) if found is None else found

    def put(self, who: Hashable, value: Value, now: float) -> None:
        """Remember *value* of *who*."""
        if who not in self.young and (len(self.young) >= self._half or now >= self._ends):
            self._turn(now)
        self.young[who] = value

    def _turn(self, now: float) -> None:
        """Begin a generation, with what matters of the one that is given up."""
        weigh, young = self._weigh, self.young
        kept = {who: value for who, value in self._old.items() if weigh(value, now) > 0 and who not in young}
        if len(kept) > self._half // 2:
            kept = dict(nlargest(self._half // 2, kept.items(), key=lambda entry: weigh(entry[1], now)))
        self._old, self.young = young, kept
        self._ends = now + GENERATION_SECONDS
