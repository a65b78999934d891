"""The language that a browser asks for first, cut to its primary subtag: a full list of them is a fingerprint."""

_LENGTHS = (2, 3)


def primary_language(accept_language: str) -> str:
    """Return the primary subtag (BCP 47; two or three letters, lower case) of the first in *accept_language*, or ""."""
    first = accept_language[:64].partition(",")[0].partition(";")[0].partition("-")[0].strip().lower()
    return first if len(first) in _LENGTHS and first.isascii() and first.isalpha() else ""
