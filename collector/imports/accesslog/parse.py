r"""A line of a web server's log -> the request it tells of.

Read are Apache's and nginx's combined and common formats, also with the virtual host in front (``%v:%p``). Quotes inside
fields are escaped as ``\"`` or ``\x22``; what a server appends after the user agent is ignored.
"""

import re
from datetime import UTC, datetime, timedelta, timezone

from msgspec import Struct

from collector.imports.accesslog.skip import Skipped, SkipReason

_QUOTED = r'"([^"\\]*(?:\\.[^"\\]*)*)"'
_LINE = re.compile(
    # With a port it is a virtual host; without one only in front of an address, for a user's name may hold spaces.
    r"(?:([\w.-]+)(?::\d+\ |\ (?=[0-9A-Fa-f]*[.:][0-9A-Fa-f.:]*\ )))?"
    r"(\S+)\ \S+\ [^\"\[]*"
    r"\[(\d\d)/([A-Z][a-z]{2})/(\d{4}):(\d\d):(\d\d):(\d\d)\ ([+-])(\d\d)(\d\d)\]"
    rf"\ {_QUOTED}\ (\d{{3}})\ (\d+|-)(?:\ {_QUOTED}\ {_QUOTED}(?:\ .*)?)?",
    re.VERBOSE,
)
_REQUEST = re.compile(r"([A-Z]+) (/.*?)(?: HTTP/\d(?:\.\d)?)?")
_ESCAPE = re.compile(r"((?:\\x[0-9A-Fa-f]{2})+)|\\(.)")
_LETTERS = {"n": "\n", "t": "\t", "r": "\r", "b": "\b", "v": "\v", "f": "\f"}
_MONTHS = {
    name: number
    for number, name in enumerate(["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"], start=1)
}


class Request(Struct, frozen=True, kw_only=True):
    """What one line says, with the person still in it; ``user_agent`` is None where the format leaves it out."""

    vhost: str
    ip: str
    at: datetime
    method: str
    target: str
    status: int
    size: str
    referrer: str
    user_agent: str | None

    def __repr__(self) -> str:
        return "Request()"

    __str__ = __repr__

    def __rich_repr__(self) -> list[tuple[str, object]]:
        # msgspec's own shows every field, and rich prints it in tracebacks.
        return []


def read_line(line: bytes) -> Request:
    """Return the request in *line*, or raise Skipped when the line is no line of a log or no request for a path."""
    found = _LINE.fullmatch(line.decode("utf-8", "replace").strip("\ufeff\r\n "))
    if found is None:
        raise Skipped(SkipReason.MALFORMED)
    vhost, ip, *moment, request, status, size, referrer, user_agent = found.groups()
    asked = _REQUEST.fullmatch(_unescape(request))
    if asked is None:
        raise Skipped(SkipReason.MALFORMED)
    return Request(
        vhost=vhost or "",
        ip=ip,
        at=_read_moment(*moment),
        method=asked[1],
        target=asked[2],
        status=int(status),
        size=size,
        referrer=_field(referrer or ""),
        user_agent=None if user_agent is None else _field(user_agent),
    )


def _read_moment(day: str, month: str, year: str, *time: str) -> datetime:
    hour, minute, second, sign, hours, minutes = time
    ahead = timedelta(hours=int(hours), minutes=int(minutes))
    try:
        zone = timezone(ahead if sign == "+" else -ahead)
        moment = datetime(int(year), _MONTHS[month], int(day), int(hour), int(minute), int(second), tzinfo=zone)
        return moment.astimezone(UTC)
    except (ValueError, KeyError, OverflowError):
        raise Skipped(SkipReason.MALFORMED) from None


def _field(text: str) -> str:
    return "" if text == "-" else _unescape(text)


def _unescape(text: str) -> str:
    if "\\" not in text:
        return text
    return _ESCAPE.sub(lambda escape: _decode(escape[1]) if escape[1] else _LETTERS.get(escape[2], escape[2]), text)


def _decode(escapes: str) -> str:
    # Together, because a character may be several bytes.
    return bytes.fromhex(escapes.replace("\\x", "")).decode("utf-8", "replace")
