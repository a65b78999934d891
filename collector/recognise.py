"""Recognise: a key that was shown -> who sends; until there are keys, everybody is a page that somebody looks at."""

from collections.abc import Callable
from typing import TypeAlias

from collector.hit import A_PAGE, Sender

# A key as it was shown ("" where one should have been), and the scope that the endpoint asks for -> who it is, or Refused.
Recognise: TypeAlias = Callable[[str, str], Sender]


def recognise_nobody(shown_key: str, scope: str) -> Sender:  # noqa: ARG001  # the one directory that knows no keys
    """Return the sender that needs no key."""
    return A_PAGE
