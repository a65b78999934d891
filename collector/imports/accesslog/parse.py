r"""A line of text in a web server's log -> the request it tells of.

Read is what has a time in brackets, then the request in quotes, the answer's status and size, and, where the format has them,
referrer and user agent in quotes: common, combined and what is built upon them. Quotes inside fields are escaped as ``\"`` or
``\x22``.
"""

import re
from typing import Final

from collector.imports.accesslog.address import address_in, forwarded_in, has_port, is_host
from collector.imports.accesslog.asked import asked_in
from collector.imports.accesslog.head import Head, read_head
from collector.imports.accesslog.moment import moment_of
from collector.imports.accesslog.request import Request
from collector.imports.accesslog.skip import Skipped, SkipReason
from collector.privacy.client_ip import WORDS, TrustedProxies

_QUOTED: Final = r'"([^"\\]*(?:\\.[^"\\]*)*)"'
_LINE: Final = re.compile(
    r"\[(\d\d/[A-Z][a-z]{2}/\d{4}:[\d:.,]{8,18}\ [+-]\d\d:?\d\d|\d{4}-\d\d-\d\d[T ][\d:.,]{8,18}(?:Z|[+-]\d\d:?\d\d)?)\]"
    r"((?:\ +[^\"\s\[\]]+|\ +\"[^\"\s\\]*\")*)"  # such as the virtual host
    rf"\ +{_QUOTED}\ (\d{{3}})\ (\d+|-)"
    r"(?:(?:\ +[^\"\s]+)*"  # such as how long it took
    rf"\ +{_QUOTED}\ +{_QUOTED}(?:\ (.*))?|(?:\ +[^\"\s]+)*)",
    re.VERBOSE,
)
_ESCAPE: Final = re.compile(r"((?:\\x[0-9A-Fa-f]{2})+)|\\(.)")
_LETTERS: Final = {"n": "\n", "t": "\t", "r": "\r", "b": "\b", "v": "\v", "f": "\f"}
_INSIDE: Final = TrustedProxies.parse(WORDS)
_ENDS: Final = "\ufeff\r\n "
# What a format calls the list, where it gives it a name: xff="...", forwarded: ..., client_ip=...
_NAMED: Final = re.compile(r"\b(?i:xff|x[-_]forwarded[-_]for|forwarded|client|real[-_]?ip)\w{0,16}[=:] ?\"?([^\"=]*)")


def read_line(line: bytes) -> Request:
    """Return the request in *line*, or raise Skipped when the line is no line of such a log, or no request for a path."""
    return read_text(line.decode("utf-8", "replace").strip(_ENDS))


def read_text(text: str) -> Request:
    """Return the request in *text*, as read_line does."""
    found = _LINE.search(text)
    if found is None or found.end() != len(text):
        raise Skipped(SkipReason.MALFORMED)
    moment, between, request, status, size, referrer, user_agent, behind = found.groups()
    at = moment_of(moment)
    before = text[: found.start()]
    head = read_head(before)
    if between and not head.peers and " - " not in before:  # the time comes first
        head = read_head(between)
    asked = asked_in(_unescape(request))
    return Request(
        vhost=head.vhost or (_host_among(between) if between else ""),
        host=asked.host,
        peers=head.peers,
        forwarded=_forwarded(head, behind) if behind or head.forwarded else (),
        at=at,
        method=asked.method,
        target=asked.target,
        status=int(status),
        size=size,
        referrer=_field(referrer or ""),
        user_agent=None if user_agent is None else _field(user_agent),
    )


def _host_among(between: str) -> str:
    """Return the virtual host that stands between the time and the request."""
    return next((word for word in between.replace('"', " ").split() if is_host(word) and not address_in(word)), "")


def _forwarded(head: Head, behind: str | None) -> tuple[str, ...]:
    """Return the list of addresses that came with the request: *behind* the user agent, or else in the user's place."""
    return (_forwarded_behind(behind) if behind else ()) or head.forwarded


def _forwarded_behind(behind: str) -> tuple[str, ...]:
    """Return the list that is a field in quotes, one with a name, or else the first words.

    There an address with a port is a server's that was asked, and so is one of a private network in quotes.
    """
    for field in (*behind.split('"')[1::2], *_NAMED.findall(behind)):
        if (hops := forwarded_in(field)) and not _is_upstream(field, hops):
            return hops
    first = behind.partition('"')[0].strip()
    listed = first if "," in first else first.partition(" ")[0]
    hops = forwarded_in(listed)
    return hops if hops and not any(map(has_port, listed.replace(",", " ").split())) else ()


def _is_upstream(field: str, hops: tuple[str, ...]) -> bool:
    return len(hops) == 1 and _INSIDE.vouches(hops[0]) and has_port(field.strip())


def _field(text: str) -> str:
    return "" if text == "-" else _unescape(text)


def _unescape(text: str) -> str:
    if "\\" not in text:
        return text
    return _ESCAPE.sub(lambda escape: _decode(escape[1]) if escape[1] else _LETTERS.get(escape[2], escape[2]), text)


def _decode(escapes: str) -> str:
    # Together, because a character may be several bytes.
    return bytes.fromhex(escapes.replace("\\x", "")).decode("utf-8", "replace")
