"""What both halves check at their doors: whether somebody of this machine asks, and whether a secret is the one we have."""

import hashlib
import hmac
import re
from collections.abc import Iterable

_LOOPBACK = re.compile(r"(?i:localhost|127\.0\.0\.1|\[::1\])(?::[0-9]*)?")
# A name, an IPv4 address or an IPv6 address in brackets, and a port: nothing before, between or behind them (RFC 9110, 7.2).
_HOST = re.compile(r"(?P<host>[A-Za-z0-9._-]+|\[[0-9A-Fa-f:.]+\])(?::[0-9]*)?")
# What a reverse proxy adds: behind one, a request for "localhost" may come from anywhere.
PROXIED = frozenset({"forwarded", "x-forwarded-for", "x-forwarded-host", "x-real-ip", "via"})


def is_loopback_host(host: str) -> bool:
    """Say whether the header Host names this machine; a page elsewhere that took our address would name its own host."""
    return _LOOPBACK.fullmatch(host) is not None


def host_named(host: str) -> str:
    """Return the host that the header Host names, in lower case and without its port, or "" when it names none."""
    named = _HOST.fullmatch(host)
    return "" if named is None else named["host"].lower()


def is_proxied(headers: Iterable[str]) -> bool:
    """Say whether one of the names of *headers*, in lower case, is what a reverse proxy adds."""
    return not PROXIED.isdisjoint(headers)


def same_secret(shown: str, secret: str) -> bool:
    """Say whether *shown* is *secret*, in a time that tells nothing about either."""
    # Digests have one length and are always bytes: no length is told, and no text breaks the comparison.
    digests = [hashlib.sha256(text.encode(errors="surrogatepass")).digest() for text in (shown, secret)]
    return hmac.compare_digest(*digests)


def bearer_of(authorization: str) -> str | None:
    """Return the token in the header Authorization, or None when it holds something else or nothing."""
    scheme, _, shown = authorization.partition(" ")
    return shown.strip() if scheme.lower() == "bearer" else None
