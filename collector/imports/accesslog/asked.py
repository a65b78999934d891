"""What was asked for: a request line -> method, host and target, also in absolute form."""

import re
from functools import lru_cache
from typing import Final

from msgspec import Struct

from collector.imports.accesslog.skip import Skipped, SkipReason

_SHORT: Final = 256
_REQUEST: Final = re.compile(r"([A-Z]+) (\S.*?)(?: HTTP/\d(?:\.\d)?)?")
_ABSOLUTE: Final = re.compile(r"(?i:https?)://([^/?#\s]+)(.*)")
# As some proxies write it: the host without a scheme in front of the path.
_HOST_FIRST: Final = re.compile(r"((?:[\w-]+\.)+[\w-]+(?::\d+)?)(/.*)")


class Asked(Struct, frozen=True, kw_only=True):
    """A method, a path with its query, and the host where the request line names one."""

    method: str
    target: str
    host: str = ""


def asked_in(line: str) -> Asked:
    """Return what the request *line* asks for, or raise Skipped when it asks for no page."""
    return _read_again(line) if len(line) <= _SHORT else _read(line)


def _read(line: str) -> Asked:
    found = _REQUEST.fullmatch(line)
    if found is None:
        raise Skipped(SkipReason.NO_REQUEST)
    return asked_for(found[1], found[2])


# Most requests are for the same few hundred pages.
_read_again = lru_cache(maxsize=8192)(_read)


def asked_for(method: str, target: str) -> Asked:
    """Return what *method* asks of *target*, or raise Skipped when that is no page's address."""
    if target.startswith("/"):
        return Asked(method=method, target=target)
    named = _ABSOLUTE.fullmatch(target) or _HOST_FIRST.fullmatch(target)
    if named is None:
        raise Skipped(SkipReason.NO_REQUEST)
    path = named[2] if named[2].startswith("/") else f"/{named[2]}"
    return Asked(method=method, target=path, host=named[1].rpartition("@")[2])
