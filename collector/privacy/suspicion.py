"""What looks like a person in a text that should hold none: the redactor asked a second time, and the shape of a user agent."""

import re
from collections.abc import Iterator
from enum import StrEnum

from collector.privacy.redact import LONGEST, redact

# Wider than anything that is looked for, so that nothing hides on a border.
_OVERLAP = 512
# Parts of a user agent that the redactor, which looks for whole ones, would leave.
_AGENT = re.compile(
    r"\bAppleWebKit/\d"
    r"|\bGecko/\d{4}"
    r"|\bPresto/\d"
    r"|\((?:compatible; |Windows NT \d|Macintosh; |X11; |Linux; Android|iPhone; |iPad; )"
)


class Suspicion(StrEnum):
    """The kinds, in the words of a report."""

    ADDRESS = "an IP address"
    EMAIL = "an e-mail address"
    USER_AGENT = "a user agent"


# The redactor's words for the kinds that a stored fact must never hold.
_MARKS = {Suspicion.ADDRESS: "[ip]", Suspicion.EMAIL: "[email]", Suspicion.USER_AGENT: "[agent]"}


def suspicions(text: str) -> frozenset[Suspicion]:
    """Return what *text*, however long, looks like it holds; what the redactor has already replaced is nothing any more."""
    return frozenset(kind for piece in _pieces(text) for kind in _kinds(piece))


def _pieces(text: str) -> Iterator[str]:
    yield text[:LONGEST]
    for start in range(LONGEST - _OVERLAP, len(text) - _OVERLAP, LONGEST - _OVERLAP):
        yield text[start : start + LONGEST]


def _kinds(piece: str) -> Iterator[Suspicion]:
    redacted = redact(piece)
    if redacted != piece:
        yield from (kind for kind, mark in _MARKS.items() if redacted.count(mark) > piece.count(mark))
    if _AGENT.search(piece) is not None:
        yield Suspicion.USER_AGENT
