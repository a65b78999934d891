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
# Of an address no more is told than its last four bits would tell, and the same each time.
_SIDES: Final = 16
# One request in so many begins a new mark.
_STRETCH: Final = 256


class Keys:
    """Makes the keys of one log of what the fact itself says and the answer's status and size; equal ones are numbered.

    Neither user agent nor query takes part, nor the address as a whole: there are four billion of them, and whoever has a key
    made of one can try them all. But two servers are asked for the same page in the same second, so that each stretch of a log
    has a mark, of the request that it begins with: when and how it was answered, and on which of 16 sides the address stands,
    by itself, so that many requests of somebody tell no more than one. Where a stretch begins is decided by what was asked
    when, so that a log that was cut or joined elsewhere has the same stretches but for the first.
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
        answered = _number(request.at.isoformat(), request.method, str(request.status), request.size) % _MARKS
        self._mark = f"{answered}.{_number(*request.peers, *request.forwarded) % _SIDES}"

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


def _number(*words: str) -> int:
    return int.from_bytes(hashlib.sha256("\0".join(words).encode(errors="replace")).digest()[:4])
