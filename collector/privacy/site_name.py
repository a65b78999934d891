"""The name of a site that we do not collect for, as far as it may be told: what a caller claims may be anything."""

import re

from collector.privacy.redact import redact
from contracts.names import canonical_site

# Public names end in a top level domain, which has letters alone; an address, a number and most tokens do not.
_PUBLIC = re.compile(r"(?:[a-z0-9_-]{1,63}\.)+(?:[a-z]{2,63}|xn--[a-z0-9-]{1,59})")


def plausible_site(claimed: str) -> str:
    """Return the canonical name that *claimed* is, or an empty string where it is no host's or looks personal."""
    name = canonical_site(claimed)
    if name is None or _PUBLIC.fullmatch(name) is None:
        return ""
    # As it was written, too: a token is known by its capitals.
    return "" if redact(name) != name or redact(claimed) != claimed else name
