"""Content-Security-Policy, as far as it may keep the snippet out: whether a page may load a script, or send to an address.

By CSP level 3, the parts that concern an address: https://www.w3.org/TR/CSP3/#match-element-to-source-list and the sections
that it refers to.
"""

from collections.abc import Iterable
from typing import Final
from urllib.parse import SplitResult, unquote, urlsplit

from msgspec import Struct

SCRIPT: Final = ("script-src-elem", "script-src", "default-src")
CONNECT: Final = ("connect-src", "default-src")
_PORTS: Final = {"http": 80, "https": 443, "ws": 80, "wss": 443}
# What is asked for may be safer than what is written.
_UPGRADES: Final = {("http", "https"), ("ws", "wss"), ("ws", "http"), ("ws", "https"), ("wss", "https")}


class Policy(Struct, frozen=True):
    """One policy: the sources of each directive, the first of a name alone."""

    directives: dict[str, tuple[str, ...]]

    def forbids(self, names: Iterable[str], address: str, page: str, *, nonce: str = "", integrity: str = "") -> str:
        """Return the directive of *names* by which a page at *page* may not use *address*, or "" where it may."""
        name = next((name for name in names if name in self.directives), None)
        if name is None:
            return ""
        sources = self.directives[name]
        marks = {f"'nonce-{nonce}'"} if nonce else set()
        marks |= {f"'{each}'" for each in integrity.split()}
        if marks & set(sources):
            return ""
        if names == SCRIPT and self.is_strict():
            return name
        return "" if any(_allows(source, urlsplit(address), urlsplit(page)) for source in sources) else name

    def is_strict(self) -> bool:
        """Say whether a script in the page needs a nonce or a hash, whatever hosts are named."""
        name = next((name for name in SCRIPT if name in self.directives), "")
        return any(source.lower() == "'strict-dynamic'" for source in self.directives.get(name, ()))


def read_policies(texts: Iterable[str]) -> list[Policy]:
    """Return the policies in *texts*, each of which may hold several, separated by commas."""
    policies = []
    for text in ",".join(texts).split(","):
        directives: dict[str, tuple[str, ...]] = {}
        for directive in text.split(";"):
            name, *sources = directive.split() or [""]
            if name:
                directives.setdefault(name.lower(), tuple(sources))
        if directives:
            policies.append(Policy(directives))
    return policies


def _allows(source: str, address: SplitResult, page: SplitResult) -> bool:
    lowered = source.lower()
    if lowered == "'self'":
        return (
            _host_matches(page.hostname or "", address) and _scheme_matches(page.scheme, address) and _same_port(page, address)
        )
    if lowered == "*":
        return address.scheme in ("http", "https") or address.scheme == page.scheme
    if lowered.startswith("'"):
        return False
    if lowered.endswith(":") and "/" not in lowered:
        return _scheme_matches(lowered[:-1], address)
    scheme, separator, rest = source.partition("://")
    host_and_port, slash, path = (rest if separator else source).partition("/")
    host, _, port = host_and_port.partition(":")
    return (
        _scheme_matches(scheme.lower() if separator else page.scheme, address)
        and _host_matches(host.lower(), address)
        and _port_matches(port, address)
        and _path_matches(f"{slash}{path}", address)
    )


def _scheme_matches(scheme: str, address: SplitResult) -> bool:
    return scheme == address.scheme or (scheme, address.scheme) in _UPGRADES


def _host_matches(host: str, address: SplitResult) -> bool:
    asked = address.hostname or ""
    if host == "*":
        return True
    return asked.endswith(host[1:]) if host.startswith("*.") else asked == host


def _port_matches(port: str, address: SplitResult) -> bool:
    if port == "*":
        return True
    asked = _port_of(address)
    if not port:
        return asked == _PORTS.get(address.scheme)
    return str(asked) == port or (port == "80" and asked == _PORTS["https"])


def _same_port(page: SplitResult, address: SplitResult) -> bool:
    are_usual = all(_port_of(one) == _PORTS.get(one.scheme) for one in (page, address))
    return are_usual or _port_of(page) == _port_of(address)


def _path_matches(path: str, address: SplitResult) -> bool:
    if path in ("", "/"):
        return True
    written, asked = unquote(path), unquote(address.path)
    return asked.startswith(written) if written.endswith("/") else asked == written


def _port_of(address: SplitResult) -> int | None:
    return address.port or _PORTS.get(address.scheme)
