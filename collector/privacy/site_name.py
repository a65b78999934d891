"""The name of a site that we do not collect for, as far as it may be told: what a caller claims may be anything."""

import re

from collector.privacy.redact import redact
from contracts.names import canonical_site

# Public names end in a top level domain, which has letters alone; an address, a number and most tokens do not.
_PUBLIC = re.compile(r"(?:[a-z0-9_-]{1,63}\.)+(?:[a-z]{2,63}|xn--[a-z0-9-]{1,59})")

# An address as the name of a machine has it (reverse DNS, EC2), in decimal or in hexadecimal digits.
_DASHED_ADDRESS = re.compile(
    r"(?<!\d)\d{1,3}(?:[-_]\d{1,3}){3}(?!\d)"
    r"|(?<![\da-z])[\da-f]{1,4}(?:-[\da-f]{1,4})*--[\da-f]{1,4}(?![\da-z])|(?<![\da-z])[\da-f]{1,4}(?:-[\da-f]{1,4}){7}(?![\da-z])"
    r"|^[\da-f]{8,}(?=\.)"
)
# A telephone number, a card's, an address as one number.
_LONG_NUMBER = re.compile(r"\d{8,}")
# The beginnings by which well-known keys are told, and a label that is as mixed and long as only a key is.
_KEY = re.compile(
    r"(?:^|[.-])(?:a[ks]ia[a-z\d]{12}|aiza|ghp|gho|ghs|glpat|xox[abp]|sk-|pk-|rk-|eyj)"
    r"|(?=[a-z]*\d)(?=\d*[a-z])[a-z\d]*\d[a-z]+\d[a-z]+\d[a-z\d]*"
)
# Nobody's site is below these: it is somebody's mailbox, with its at sign lost.
_MAILBOX = re.compile(
    r"(?:^|[.-])(?:gmail|googlemail|outlook|hotmail|live|yahoo|icloud|proton|protonmail|gmx|aol|web)\.[a-z]{2,3}(?:\.[a-z]{2})?$"
    r"|[-_.]at[-_.]"
)
_PERSONAL = (_DASHED_ADDRESS, _LONG_NUMBER, _KEY, _MAILBOX)


def plausible_site(claimed: str) -> str:
    """Return the canonical name that *claimed* is, or an empty string where it is no host's or looks personal."""
    name = canonical_site(claimed)
    if name is None or _PUBLIC.fullmatch(name) is None:
        return ""
    if any(pattern.search(name) for pattern in _PERSONAL):
        return ""
    # As it was written, too: a token is known by its capitals.
    return "" if redact(name) != name or redact(claimed) != claimed else name
