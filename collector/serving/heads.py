"""What a request's head must be like before anything is made of it."""

from collections.abc import Sequence

HEAD_BYTES = 32 * 1024
MAX_HEADERS = 100
_VERSIONS = frozenset({"1.0", "1.1"})


def fault_of(url: bytes, headers: Sequence[tuple[bytes, bytes]], version: str) -> int:
    """Return the status that a head is refused with: it is too large, of another HTTP, or names no one host; else 0."""
    if len(headers) > MAX_HEADERS:
        return 431
    size, hosts = len(url), 0
    for name, value in headers:
        size += len(name) + len(value)
        if name == b"host":
            hosts += 1
    if size > HEAD_BYTES:
        return 431
    # RFC 9112, 3.2: one Host, no more and no less.
    if version not in _VERSIONS or (hosts != 1 and version == "1.1"):
        return 400
    return 0
