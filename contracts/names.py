"""The one spelling of a host or site name: lower case, punycode, no port, no user, no trailing dot."""

import re

_NAME = re.compile(r"(?=.{1,253}\Z)[a-z0-9_-]+(?:\.[a-z0-9_-]+)*")
_LONGEST_AUTHORITY = 2048
_EVERY_ADDRESS = frozenset({"0.0.0.0", "::"})  # noqa: S104  # known, not bound


def canonical_site(text: str) -> str | None:
    """Return the canonical id of the site that *text* claims, or None when no site can have that name; ``www.`` stays."""
    return None if "@" in text else canonical_host(text.strip()) or None


def canonical_host(authority: str) -> str:
    """Return the host in *authority* (``user@Host:port``) in its one spelling, or an empty string when it is none."""
    if _NAME.fullmatch(authority):  # most are in it already
        return authority
    if len(authority) > _LONGEST_AUTHORITY:
        return ""
    host, _, port = authority.rpartition("@")[2].lower().partition(":")
    if port and not port.isdigit():
        return ""
    if not host.isascii():
        host = _punycode(host)
    host = host.removesuffix(".")
    return host if _NAME.fullmatch(host) else ""


def same_site(host: str, other: str) -> bool:
    """Say whether two canonical hosts are one site, which its ``www.`` twin is."""
    return bool(host) and host.removeprefix("www.") == other.removeprefix("www.")


def in_address(host: str) -> str:
    """Return what stands for *host* in an address; one that means every address is reached as this machine, at least."""
    if host in _EVERY_ADDRESS:
        return "localhost"
    return f"[{host}]" if ":" in host else host


def _punycode(host: str) -> str:
    try:
        return host.encode("idna").decode("ascii").lower()
    except UnicodeError:  # a label that is empty, too long or made of forbidden characters
        return ""
