"""Interval: how sure a share of votes is, as the Wilson score interval at 95 %; a few votes say little, and it shows."""

from math import sqrt
from typing import Final

from msgspec import Struct

# The normal quantile of 97.5 %.
_Z: Final = 1.959963984540054


class Share(Struct, frozen=True, kw_only=True):
    """A share in percent with the bounds that hold the true one in 95 of 100 such samples; all None where nothing was asked."""

    percent: float | None
    low: float | None
    high: float | None


NOTHING: Final = Share(percent=None, low=None, high=None)


def wilson(part: int, whole: int) -> Share:
    """Return the share of *part* in *whole* with its interval (E. B. Wilson 1927, without continuity correction)."""
    if whole <= 0:
        return NOTHING
    share, spread = part / whole, _Z * _Z / whole
    centre = (share + spread / 2) / (1 + spread)
    reach = _Z * sqrt(share * (1 - share) / whole + spread / (4 * whole)) / (1 + spread)
    return Share(percent=100 * share, low=100 * max(0.0, centre - reach), high=100 * min(1.0, centre + reach))
