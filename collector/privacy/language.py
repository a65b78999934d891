"""The language that a browser asks for first, cut to its primary subtag: a full list of them is a fingerprint."""

import re

_FIRST = re.compile(r" *([A-Za-z]{2,3}) *(?:[-,;]|$)")


def primary_language(accept_language: str) -> str:
    """Return the primary subtag (BCP 47; two or three letters, lower case) of the first in *accept_language*, or ""."""
    first = _FIRST.match(accept_language)
    return first[1].lower() if first is not None else ""
