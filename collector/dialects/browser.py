"""What a browser says in its headers, whatever the dialect: who it is, where it is, and what it does not want."""

from typing import Any
from urllib.parse import urlsplit

from collector.arrival import Arrival

OPT_OUT = {b"sec-gpc": "gpc", b"dnt": "dnt"}
PREFETCH = (b"sec-purpose", b"purpose", b"x-moz")
_TELLING = frozenset({*OPT_OUT, *PREFETCH})
NO_SIGNALS: frozenset[str] = frozenset()


def person(arrival: Arrival) -> dict[str, Any]:
    """Return the fields of a Hit that name the person, and the signals that speak for them."""
    return {
        "received_at": arrival.received_at,
        "ip": arrival.ip,
        "user_agent": arrival.header(b"user-agent"),
        "signals": signals(arrival),
    }


def signals(arrival: Arrival) -> frozenset[str]:
    """Return the opt-out signals that are set (GPC; RFC-less DNT), and ``prefetch`` when nobody has seen the page yet."""
    said = arrival.headers
    if _TELLING.isdisjoint(said):
        return NO_SIGNALS
    found = {signal for header, signal in OPT_OUT.items() if said.get(header) == b"1"}
    if any(b"prefetch" in said.get(header, b"").lower() for header in PREFETCH):
        found.add("prefetch")
    return frozenset(found)


def site_of_page(arrival: Arrival) -> str:
    """Return the host of the page that sent the request, from Origin or else Referer; "" when neither says."""
    for header in (b"origin", b"referer"):
        if host := host_of(arrival.header(header)):
            return host
    return ""


def host_of(address: str) -> str:
    """Return the host in an http(s) *address*, or ""."""
    if not address.startswith(("http://", "https://")):
        return ""
    try:
        return urlsplit(address).hostname or ""
    except ValueError:
        return ""
