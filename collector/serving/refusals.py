"""What a connection is refused for before its request was read, what it is told then, and how often it was."""

from collections.abc import Sequence
from itertools import chain
from operator import itemgetter

from prometheus_client import Counter

from contracts.problem import MEDIA_TYPE, Problem

HEAD_BYTES = 32 * 1024
MAX_HEADERS = 100
_NAME = itemgetter(0)
_VERSIONS = frozenset({"1.0", "1.1"})

REFUSED = Counter("collector_http_refused_total", "Connections closed before a request was read.", ["reason"])

_PROBLEMS = {
    400: Problem(status=400, title="This is not HTTP.", code="malformed"),
    408: Problem(status=408, title="The request took too long to arrive.", code="timeout"),
    431: Problem(
        status=431, title="The request's head is too large.", code="too_large", detail="Send fewer or shorter headers."
    ),
    503: Problem(status=503, title="Too many connections are open.", code="overloaded", detail="Come back in a moment."),
}
_PHRASES = {400: b"Bad Request", 408: b"Request Timeout", 431: b"Request Header Fields Too Large", 503: b"Service Unavailable"}
_HEAD = b"HTTP/1.1 %d %s\r\ncontent-type: %s\r\ncontent-length: %d\r\nretry-after: 2\r\nconnection: close\r\n\r\n"


def refusal(status: int) -> bytes:
    """Count that a connection is refused, and return the whole answer that says why."""
    problem = _PROBLEMS[status]
    REFUSED.labels(problem.code).inc()
    body = problem.body()
    return _HEAD % (status, _PHRASES[status], MEDIA_TYPE.encode(), len(body)) + body


def fault_of(url: bytes, headers: Sequence[tuple[bytes, bytes]], version: str) -> int:
    """Return the status that a head is refused with: it is too large, of another HTTP, or names no one host; else 0."""
    if len(headers) > MAX_HEADERS:
        return 431
    if len(url) + sum(map(len, chain.from_iterable(headers))) > HEAD_BYTES:
        return 431
    # RFC 9112, 3.2: one Host, no more and no less.
    if version not in _VERSIONS or (version == "1.1" and list(map(_NAME, headers)).count(b"host") != 1):
        return 400
    return 0
