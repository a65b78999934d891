"""The key of a logged request: the same line of the same log, the same key, whenever and however often it is read."""

import hashlib
from collections import Counter, OrderedDict
from datetime import datetime
from typing import Final

from collector.imports.accesslog.request import Request

# A log is written in the order in which requests end, and servers allow them minutes; more than this no line is late.
_SECONDS_AT_HAND: Final = 3600
_MARK_BITS: Final = 12


class Keys:
    """Makes the keys of one log of what the fact itself says and the answer's status and size; equal ones are numbered.

    Neither address nor user agent takes part, nor the query: there are four billion addresses, and whoever has a key made
    of one can try them all. But two servers are asked for the same page in the same second, so that each log has a mark, of its
    first request: 4,096 marks are enough to tell two logs apart, and too few to find out who made that one request.
    """

    def __init__(self) -> None:
        self._mark = ""
        self._seconds: OrderedDict[datetime, Counter[tuple[str, ...]]] = OrderedDict()

    def begin(self, request: Request) -> None:
        """Take the mark from *request*, unless one before it has given it."""
        if self._mark:
            return
        said = (*request.peers, *request.forwarded, request.at.isoformat(), request.method, request.target, str(request.status))
        digest = hashlib.sha256("\0".join((*said, request.size, request.referrer, request.user_agent or "")).encode()).digest()
        self._mark = str(int.from_bytes(digest[:2]) % (1 << _MARK_BITS))

    def key(self, at: datetime, *answered: str) -> str:
        """Return the key of a request at second *at* that was *answered* so: site, host, path, status, size."""
        counted = self._seconds.setdefault(at, Counter())
        self._seconds.move_to_end(at)
        if len(self._seconds) > _SECONDS_AT_HAND:
            self._seconds.popitem(last=False)
        number = counted[answered]
        counted[answered] += 1
        return " ".join(("accesslog", self._mark, at.isoformat(), str(number), *answered))
