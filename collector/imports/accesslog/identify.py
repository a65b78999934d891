"""The key of a logged request: the same line of the same log, the same key, whenever and however often it is read."""

import hashlib
import zlib
from collections import Counter, OrderedDict
from datetime import datetime
from typing import Final

from collector.imports.accesslog.request import Request

# A log is written in the order in which requests end, and servers allow them minutes; more than this no line is late.
_SECONDS_AT_HAND: Final = 3600
_MARKS: Final = 4096
# One request in so many begins a new mark.
_STRETCH: Final = 256


class Keys:
    """Makes the keys of one log of what the fact itself says and the answer's status and size; equal ones are numbered.

    Neither address nor user agent takes part, nor the query: there are four billion addresses, and whoever has a key made
    of one can try them all. But two servers are asked for the same page in the same second, so that each stretch of a log has a
    mark, of the request that it begins with: 4,096 marks are enough to tell two logs apart, and too few to find out who made
    that one request. Where a stretch begins is decided by what was asked when, so that a log that was cut or joined elsewhere
    has the same stretches but for the first.
    """

    def __init__(self) -> None:
        self._mark = ""
        self._seconds: OrderedDict[datetime, Counter[tuple[str, ...]]] = OrderedDict()

    def follow(self, request: Request) -> None:
        """Take note of *request*, counted or not: with it a stretch may begin."""
        if (
            self._mark
            and zlib.crc32(f"{request.at.timestamp()} {request.target} {request.size}".encode(errors="replace")) % _STRETCH
        ):
            return
        said = (*request.peers, *request.forwarded, request.at.isoformat(), request.method, request.target, str(request.status))
        digest = hashlib.sha256(
            "\0".join((*said, request.size, request.referrer, request.user_agent or "")).encode(errors="replace")
        ).digest()
        self._mark = str(int.from_bytes(digest[:2]) % _MARKS)

    def key(self, at: datetime, *answered: str) -> str:
        """Return the key of a request at second *at* that was *answered* so: site, host, path, status, size."""
        counted = self._seconds.setdefault(at, Counter())
        self._seconds.move_to_end(at)
        if len(self._seconds) > _SECONDS_AT_HAND:
            self._seconds.popitem(last=False)
        answered = (self._mark, *answered)
        number = counted[answered]
        counted[answered] += 1
        return " ".join(("accesslog", at.isoformat(), str(number), *answered))
