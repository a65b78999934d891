"""A custom event's properties, with what looks personal taken out of names and values."""

import math
from typing import Final

from collector.privacy.personal import KEY_BYTES, of_path
from collector.privacy.redact import clean, redact
from collector.privacy.text import cut, printable
from contracts.events import Scalar

NOTHING_KEPT: Final[frozenset[str]] = frozenset()
MOST_PROPS = 30
VALUE_BYTES = 2000
LARGEST = 2**63 - 1


def redact_props(props: dict[str, Scalar], *, kept: frozenset[str] = NOTHING_KEPT) -> dict[str, Scalar]:
    """Return the first 30 properties that may be stored, redacted: names in 300 bytes, texts in 2,000.

    A property with a personal name is dropped, and so is one that says who somebody is: these facts know no user to make a
    pseudonym of. So is a number that JSON or Postgres could not hold. Those that are called as in *kept*, which the site's
    policy names, are stored as they are.
    """
    stored: dict[str, Scalar] = {}
    for key, value in props.items():
        if len(stored) == MOST_PROPS:
            break
        if not _storable(value):
            continue
        if key in kept:
            stored[key] = cut(printable(value), VALUE_BYTES) if isinstance(value, str) else value
        elif not any(of_path(key.split("."))):
            stored.setdefault(clean(key, KEY_BYTES), redact_value(value))
    return stored


def _storable(value: Scalar) -> bool:
    if isinstance(value, float):
        return math.isfinite(value)
    return not isinstance(value, int) or abs(value) <= LARGEST


def redact_value(value: Scalar) -> Scalar:
    """Return *value* with what looks personal taken out, also of a number."""
    if isinstance(value, str):
        return clean(value, VALUE_BYTES)
    digits = str(value)
    redacted = redact(digits)  # a card number is one without quotes, too
    return value if redacted == digits else redacted
