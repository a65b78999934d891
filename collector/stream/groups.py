"""Groups: which parcels wait, which are under way together, and when the next group goes."""

import itertools
from collections import deque
from collections.abc import Iterator, Sequence

from collector.stream.parcel import Parcel

GROUP_EVENTS = 1000  # nats-server's limit for an atomic batch
GROUP_BYTES = 256 * 1024
SMALL_GROUP, LARGE_GROUP = 20, 200
LONG_SECONDS = 0.1  # no answer for so long: nobody waits any more for what may be lost
GROUPS_IN_FLIGHT = 2  # one being written, one on its way; more gain nothing (nats-server allows a stream 50)
ALONE_IN_FLIGHT = 1_000  # where each goes alone


class Groups:
    """The parcels between ``submit`` and their answers; it knows neither clock nor connection.

    A stream of one replica writes a group to its disk as one, so that they share an fsync. One of several replicas keeps what
    it gathers in memory and gains nothing by it: there each goes alone, as it comes, many at a time.
    """

    def __init__(self) -> None:
        self._most, self._most_under_way = GROUP_EVENTS, GROUPS_IN_FLIGHT
        self._first: deque[Parcel] = deque()
        self._waiting: deque[Parcel] = deque()
        self._alone: deque[Parcel] = deque()
        self._under_way: dict[str, list[Parcel]] = {}
        self._deadlines: dict[str, float] = {}
        self._departed = 0.0
        self._on_their_way = 0
        # Whether the next group may go as soon as anything waits; kept, for it is asked for each event.
        self.is_let_go = True

    def __iter__(self) -> Iterator[Parcel]:
        """Yield every parcel that has no answer yet."""
        return itertools.chain(self._first, self._waiting, self._alone, *self._under_way.values())

    def __len__(self) -> int:
        """Return how many wait for the next group."""
        return len(self._first) + len(self._waiting)

    @property
    def first(self) -> Parcel | None:
        """Return the one that has been waiting for longest."""
        return self._waiting[0] if self._waiting else None

    def go_alone(self, *, is_wanted: bool) -> None:
        """Let each go alone from now on, or in groups."""
        self._most, self._most_under_way = (1, ALONE_IN_FLIGHT) if is_wanted else (GROUP_EVENTS, GROUPS_IN_FLIGHT)
        self._look()

    def add(self, parcel: Parcel) -> None:
        """Let *parcel* wait for the next group."""
        self._waiting.append(parcel)

    def again(self, parcels: Sequence[Parcel]) -> None:
        """Let *parcels*, which have waited once, go before all others, and not with them, who may refuse their group again."""
        self._first.extend(parcels)

    def separate(self, parcels: Sequence[Parcel]) -> None:
        """Let each of *parcels* go again, alone."""
        self._alone.extend(parcels)

    def may_go(self, now: float) -> bool:
        """Say whether the next group goes now.

        Each costs nats-server a millisecond whatever its size, so beside a large one the next waits until it is large, too;
        but not for long.
        """
        if self.is_let_go:
            return bool(self or self._alone)
        if len(self._under_way) >= self._most_under_way:
            return False
        return bool(self._alone or len(self) >= LARGE_GROUP or (self and now - self._departed >= LONG_SECONDS))

    def depart(self, name: str, now: float) -> list[Parcel]:
        """Return the next group, which is under way as *name* from now on; it is empty when none may go yet."""
        if not self.may_go(now):
            return []
        self._departed = now
        group = [self._alone.popleft()] if self._alone else self._gather()
        self._under_way[name] = group
        self._deadlines[name] = min(parcel.deadline for parcel in group)
        self._on_their_way += len(group)
        self._look()
        return group

    def arrive(self, name: str) -> list[Parcel]:
        """Take the group *name* out; it is empty when it is not under way, because its time ran out."""
        self._deadlines.pop(name, None)
        group = self._under_way.pop(name, [])
        self._on_their_way -= len(group)
        self._look()
        return group

    def overdue(self, now: float) -> list[Parcel]:
        """Take out the parcels whose deadline has passed, and with the earliest of a group the whole group."""
        late: list[Parcel] = []
        while self._waiting and self._waiting[0].deadline <= now:
            late.append(self._waiting.popleft())
        for queue in (self._alone, self._first):  # who stands in them came there in any order
            for parcel in [parcel for parcel in queue if parcel.deadline <= now]:
                queue.remove(parcel)
                late.append(parcel)
        for name in [name for name, deadline in self._deadlines.items() if deadline <= now]:
            late += self.arrive(name)
        return late

    def clear(self) -> list[Parcel]:
        """Take out all of them."""
        everybody = list(self)
        self._first.clear()
        self._waiting.clear()
        self._alone.clear()
        self._under_way.clear()
        self._deadlines.clear()
        self._on_their_way = 0
        self._look()
        return everybody

    def _look(self) -> None:
        has_room = len(self._under_way) < self._most_under_way
        self.is_let_go = has_room and (self._most == 1 or not self._under_way or self._on_their_way < SMALL_GROUP)

    def _gather(self) -> list[Parcel]:
        queue = self._first or self._waiting
        group: list[Parcel] = []
        size = 0
        while queue and len(group) < self._most and size < GROUP_BYTES:
            group.append(queue.popleft())
            size += len(group[-1].body)
        return group
