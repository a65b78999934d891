"""Properties of events as dimensions: any key is one, by the name ``prop:<key>``; and the one way from names to dimensions."""

import re
from typing import Final
from urllib.parse import quote, unquote

from projections.query.dimensions import DIMENSION_NAMED, Dimension
from projections.query.sums import Of
from projections.read_models.hits import Kind

# The names of those that an event's property is.
_PREFIX: Final = "prop:"
# What stands between a dimension and a value in a filter, or could; and what an address or a file's name gives a meaning.
_KEPT: Final = re.compile(r"[A-Za-z0-9_.-]")
# A name is one part of an address: ingest keeps names of 300 bytes, each of which takes three letters at the most.
NAME_PATTERN: Final = r"prop:[^:!~^$*=\x00-\x1f]{1,900}|[a-z_]{1,20}"


def dimension_named(name: str) -> Dimension | None:
    """Return the dimension of that *name*, or None where there is none."""
    if name in DIMENSION_NAMED or not name.startswith(_PREFIX):
        return DIMENSION_NAMED.get(name)
    try:
        key = unquote(name.removeprefix(_PREFIX), errors="strict")
    except UnicodeDecodeError:
        return None
    return property_called(key) if key and "\x00" not in key else None


def property_called(key: str) -> Dimension:
    """Return the dimension that tells events apart by their property *key*, which may be any text.

    In its name everything but letters, digits, ``_``, ``.`` and ``-`` is percent-encoded, so that the name ends where the value
    of a filter begins, and never looks like a file's.
    """
    written = "".join(letter if _KEPT.match(letter) else quote(letter, safe="").replace("~", "%7E") for letter in key)
    return Dimension(
        name=_PREFIX + re.sub(r"\.csv$", "%2Ecsv", written),
        title=f"Property {key}",
        of=Of.HIT,
        column="",
        meaning="the value of this property of custom events",
        kind=Kind.EVENT,
        key=key,
    )


KNOWN_DIMENSIONS: Final = ", ".join((*DIMENSION_NAMED, f"{_PREFIX}<key>"))
