"""What a browser says in its headers, whatever the dialect: who it is, where it is, and what it does not want."""

from typing import Final
from urllib.parse import urlsplit

from msgspec import Struct

from collector.arrival import Head
from collector.hit import Person, Signal
from collector.privacy.language import primary_language

OPT_OUT: Final = {b"sec-gpc": Signal.GPC, b"dnt": Signal.DNT}
PREFETCH: Final = (b"sec-purpose", b"purpose", b"x-moz")
_SIGNALLING: Final = frozenset({*OPT_OUT, *PREFETCH})
NO_SIGNALS: frozenset[Signal] = frozenset()
# Every browser names its languages, also in a beacon and for an image, and those of today (Chromium 76, Firefox 90, Safari
# 16.4, all later ones) say on https what they fetch for. An older Safari does the first, plain http leaves the second out, and
# some people's extensions strip one of them: so only who sends none of all is odd.
_A_BROWSERS: Final = frozenset({b"accept-language", b"sec-fetch-site", b"sec-fetch-mode", b"sec-fetch-dest"})


class Browser(Struct, frozen=True, kw_only=True):
    """What the headers of one request say of whoever sent it; read once, however many items the body holds."""

    ip: str
    user_agent: str
    language: str
    has_odd_headers: bool
    signals: frozenset[Signal]

    def __repr__(self) -> str:
        return "Browser()"

    __str__ = __repr__

    def __rich_repr__(self) -> list[tuple[str, object]]:
        # msgspec's own shows every field, and rich prints it in tracebacks.
        return []

    def person(self, *, timezone: str = "", is_automated: bool = False) -> Person:
        """Return the person, with what the body says of them."""
        return Person(
            ip=self.ip,
            user_agent=self.user_agent,
            timezone=timezone,
            language=self.language,
            is_automated=is_automated,
            has_odd_headers=self.has_odd_headers,
        )


def read_browser(head: Head) -> Browser:
    """Return what *head* says of whoever sent the request."""
    return Browser(
        ip=head.ip,
        user_agent=head.header(b"user-agent"),
        language=primary_language(head.header(b"accept-language")),
        has_odd_headers=_A_BROWSERS.isdisjoint(head.headers),
        signals=_signals(head),
    )


def _signals(head: Head) -> frozenset[Signal]:
    """Return the opt-out signals that are set (GPC; RFC-less DNT), and PREFETCH when nobody has seen the page yet."""
    said = head.headers
    if _SIGNALLING.isdisjoint(said):
        return NO_SIGNALS
    found = {signal for header, signal in OPT_OUT.items() if said.get(header) == b"1"}
    if any(b"prefetch" in said.get(header, b"").lower() for header in PREFETCH):
        found.add(Signal.PREFETCH)
    return frozenset(found)


def site_of_page(head: Head) -> str:
    """Return the host of the page that sent the request, from Origin or else Referer; "" when neither says."""
    for header in (b"origin", b"referer"):
        if host := host_of(head.header(header)):
            return host
    return ""


def host_of(address: str) -> str:
    """Return the host in an http(s) *address*, or ""."""
    if not address[:8].lower().startswith(("http://", "https://")):
        return ""
    try:
        return urlsplit(address).hostname or ""
    except ValueError:
        return ""
