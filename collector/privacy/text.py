"""Text from strangers, made safe to store: no control characters, no surrogates, cut between code points."""

import re

# isprintable() is false for these and for more (a no-break space, an unassigned character), which are harmless and stay:
# Cc, the zero-width and direction marks that forge what a reader sees, and the surrogates that no encoder accepts.
_SPACING = re.compile(r"[\t\n\r\x85\u2028\u2029]")
_UNSAFE = re.compile(r"[\x00-\x1f\x7f-\x9f\u200b\u200e\u200f\u202a-\u202e\u2060-\u2069\ufeff\ud800-\udfff]")


def printable(text: str) -> str:
    """Return *text* without control characters, direction marks and surrogates; line breaks and tabs become spaces."""
    if text.isprintable():
        return text
    return _UNSAFE.sub("", _SPACING.sub(" ", text))


def cut(text: str, limit: int) -> str:
    """Return the longest beginning of *text* that fits *limit* bytes of UTF-8 and ends on a whole character."""
    if len(text) <= limit and (text.isascii() or len(text) * 4 <= limit):
        return text
    # A character takes at least one byte, so the rest is never encoded.
    return text[:limit].encode("utf-8", "replace")[:limit].decode("utf-8", "ignore")
