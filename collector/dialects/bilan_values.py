"""Single values of bilan's events, in the forms that its clients give them: ids, counts, durations and votes."""

import math
from typing import Any, Final

from collector.outcomes import Rejected, RejectReason

LARGEST_VALUE: Final = 1_000_000
# What columns of 32 bits hold; as milliseconds that is 24 days.
LARGEST_WHOLE: Final = 2**31 - 1
_WORDS: Final = {"up": 1, "positive": 1, "down": -1, "negative": -1}


def text_of(value: Any) -> str:
    """Return *value* as text: ids are numbers, too."""
    if isinstance(value, str):
        return value
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else ""


def number_of(value: Any) -> int | float | None:
    """Return *value* as the number that it is, or that it spells; a whole one as such."""
    if isinstance(value, str):
        try:
            value = float(value) if len(value) <= len("-1234567890.123456789") else None
        except ValueError:
            return None
    if isinstance(value, float):
        return None if not math.isfinite(value) else int(value) if value.is_integer() else value
    return int(value) if isinstance(value, int) else None


def whole_of(value: Any) -> int | None:
    """Return *value* as a count, or None where it is none."""
    number = number_of(value)
    return number if isinstance(number, int) and 0 <= number <= LARGEST_WHOLE else None


def retries_of(said: Any) -> int:
    """Return how many attempts there were before, none where nothing is said."""
    return whole_of(said) or 0


def vote_in(said: Any) -> int | float | None:
    """Return the worth of a vote; ``up``, ``positive``, ``down`` and ``negative`` are votes, too."""
    number = _WORDS.get(said.lower()) if isinstance(said, str) and said.lower() in _WORDS else number_of(said)
    if number is not None and abs(number) > LARGEST_VALUE:
        detail = f"The value of a vote lies between -{LARGEST_VALUE:,} and {LARGEST_VALUE:,}; send 1 or -1."
        raise Rejected(RejectReason.OUT_OF_RANGE, detail, field="value")
    return number
