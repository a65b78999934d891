"""The one spelling of a host or site name, for both halves: lower case, punycode, no port, no user, no trailing dot."""

import re

import idna

_NAME = re.compile(r"(?=.{1,253}\Z)[a-z0-9_-]+(?:\.[a-z0-9_-]+)*")
_LONGEST_AUTHORITY = 2048
_LONGEST_NAME = 254  # with the dot at its end; in Unicode a name has no more characters than in ASCII
_LONGEST_LABEL = 63
_PUNYCODE = "xn--"
_JOINERS = frozenset("\u200c\u200d")


def canonical_site(text: str) -> str | None:
    """Return the canonical id of the site that *text* claims, or None when no site can have that name; ``www.`` stays."""
    return None if "@" in text else canonical_host(text.strip()) or None


def canonical_host(authority: str) -> str:
    """Return the host in *authority* (``user@Host:port``) in its one spelling, or an empty string when it is none.

    Names that are not ASCII are mapped as browsers do (UTS 46, non-transitional): straße.example keeps its sharp s.
    """
    if _NAME.fullmatch(authority):  # most are in it already
        return authority
    if len(authority) > _LONGEST_AUTHORITY:
        return ""
    host, _, port = authority.rpartition("@")[2].lower().partition(":")
    if port and not port.isdigit():
        return ""
    if len(host) > _LONGEST_NAME:
        return ""
    if not host.isascii():
        host = _to_ascii(host)
    host = host.removesuffix(".")
    return host if _NAME.fullmatch(host) else ""


def readable_site(site: str) -> str:
    """Return *site* as people write it, in Unicode where it has such a form: bücher.example."""
    if _PUNYCODE not in site:
        return site
    readable = ".".join(_readable_label(label) for label in site.split("."))
    return readable if canonical_site(readable) == site else site


def same_site(host: str, other: str) -> bool:
    """Say whether two canonical hosts are one site, which its ``www.`` twin is."""
    return bool(host) and host.removeprefix("www.") == other.removeprefix("www.")


def _to_ascii(host: str) -> str:
    try:
        mapped = idna.uts46_remap(host, std3_rules=False, transitional=False)
    except (idna.IDNAError, UnicodeError):
        return ""
    labels = [label if label.isascii() else _ascii_label(label) for label in mapped.split(".")]
    # Even where it is empty, no label may vanish: the name would be another's.
    return "" if "" in labels[:-1] else ".".join(labels)


def _ascii_label(label: str) -> str:
    # What comes longer would be longer in ASCII, too, and every character is looked up many times.
    if len(label) > _LONGEST_LABEL:
        return ""
    try:
        if not _JOINERS.isdisjoint(label):
            return idna.alabel(label).decode("ascii")
        # IDNA 2008 would refuse signs such as a coffee cup, which are no letters; browsers write them as everything else.
        encoded = _PUNYCODE + label.encode("punycode").decode("ascii")
    except (idna.IDNAError, UnicodeError):
        return ""  # such as a joiner out of place
    return encoded if len(encoded) <= _LONGEST_LABEL else ""


def _readable_label(label: str) -> str:
    if not label.startswith(_PUNYCODE):
        return label
    try:
        return label.removeprefix(_PUNYCODE).encode("ascii").decode("punycode")
    except UnicodeError:
        return label
