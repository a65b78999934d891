"""Questions: the parcels of which the stream is asked whether it has them already, before they may go with a group.

A repeated id refuses its whole group, so one client that repeats itself would hold up everybody. The question is a publish
that expects a last message id which no message has: JetStream looks for the repeat first, and answers "duplicate" without
storing anything; what it does not know it refuses for the expectation, and that parcel goes with the next group.
"""

import itertools
from collections import deque
from collections.abc import Iterator

from collector.stream.parcel import Parcel

# What no message id of ours can be: those are 22 characters.
NO_SUCH_ID = "?"
# Whoever has had the same answer twice gets it no sooner than those who bring something new, and a little later.
HOLD_SECONDS = 1.0
HELD_MOST = 2_000
ASKED_MOST = 1_000  # 28 ms of the stream's time


class Questions:
    """The parcels that wait to be asked about, at once or held back, and those of which the answer is under way."""

    def __init__(self) -> None:
        self._now: deque[Parcel] = deque()
        self._held: deque[tuple[float, Parcel]] = deque()
        self._asked: dict[str, Parcel] = {}

    def __iter__(self) -> Iterator[Parcel]:
        """Yield every parcel that has no answer yet."""
        return itertools.chain(self._now, (parcel for _, parcel in self._held), self._asked.values())

    def __len__(self) -> int:
        """Return how many wait for an answer, but for those held back."""
        return len(self._now) + len(self._asked)

    @property
    def is_any_waiting(self) -> bool:
        """Say whether somebody waits to be asked about, or is held back."""
        return bool(self._now or self._held)

    @property
    def are_too_many(self) -> bool:
        """Say whether no more may be held back."""
        return len(self._held) >= HELD_MOST

    def add(self, parcel: Parcel) -> None:
        """Let *parcel* be asked about with the next."""
        self._now.append(parcel)

    def hold(self, parcel: Parcel, now: float) -> None:
        """Let *parcel* be asked about after a while."""
        self._held.append((now + HOLD_SECONDS, parcel))

    def depart(self, name: str, now: float) -> Parcel | None:
        """Return the next to be asked about, which is under way as *name* from now on, or None when there is none yet."""
        while self._held and self._held[0][0] <= now:
            self._now.append(self._held.popleft()[1])
        if not self._now or len(self._asked) >= ASKED_MOST:
            return None
        self._asked[name] = parcel = self._now.popleft()
        return parcel

    def arrive(self, name: str) -> Parcel | None:
        """Take out the parcel that was asked about as *name*, None when its time ran out."""
        return self._asked.pop(name, None)

    def overdue(self, now: float) -> list[Parcel]:
        """Take out the parcels whose deadline has passed."""
        late = [parcel for parcel in self if parcel.deadline <= now]
        if late:
            self._now = deque(parcel for parcel in self._now if parcel.deadline > now)
            self._held = deque((due, parcel) for due, parcel in self._held if parcel.deadline > now)
            self._asked = {name: parcel for name, parcel in self._asked.items() if parcel.deadline > now}
        return late

    def clear(self) -> list[Parcel]:
        """Take out all of them."""
        everybody = list(self)
        self._now.clear()
        self._held.clear()
        self._asked.clear()
        return everybody
