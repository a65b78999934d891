"""The key of a logged request: the same line of the same log, the same key, whenever and however often it is read."""

from collections import Counter, OrderedDict
from datetime import datetime

# A log is written in the order in which requests end, and servers allow them minutes; more than this no line is late.
_SECONDS_AT_HAND = 3600


class Keys:
    """Makes keys out of what the fact itself says and the answer's status and size; equal requests of one second are numbered.

    Neither address nor user agent takes part, nor the query: there are four billion addresses, and whoever has a key made
    of one can try them all.
    """

    def __init__(self) -> None:
        self._seconds: OrderedDict[datetime, Counter[tuple[str, ...]]] = OrderedDict()

    def key(self, at: datetime, *answered: str) -> str:
        """Return the key of a request at second *at* that was *answered* so: site, host, path, status, size."""
        counted = self._seconds.setdefault(at, Counter())
        self._seconds.move_to_end(at)
        if len(self._seconds) > _SECONDS_AT_HAND:
            self._seconds.popitem(last=False)
        number = counted[answered]
        counted[answered] += 1
        return " ".join(("accesslog", at.isoformat(), str(number), *answered))
