"""Pacing: how much one key, or one member, may ask of the administration; counted in this process alone."""

from collections.abc import Callable, Mapping, MutableMapping
from math import ceil
from typing import Any, Final

from collector.answer import quota_headers
from collector.control.denied import Denied, DeniedReason
from collector.outcomes import Quota
from contracts.pace import Pace

# More than anybody clicks, and enough for a script; a decision is written to the disk, and read by every process at its start.
PER_MINUTE: Final = 300
AT_ONCE: Final = 100
_QUOTA: Final = "collector.quota"


class Pacing:
    """A pace for each who asks, named as control events name them."""

    def __init__(self, clock: Callable[[], float]) -> None:
        """Count by *clock*, seconds that never go back."""
        self._clock = clock
        self._pace = Pace(per_minute=PER_MINUTE, burst=AT_ONCE)

    def take(self, scope: MutableMapping[str, Any], who: str) -> None:
        """Count a request of *who*, whose answer says what is left then; raise Denied when it is one too many."""
        ahead = self._pace.take(who, self._clock())
        is_too_much = ahead > self._pace.room
        level = ahead - self._pace.interval if is_too_much else ahead
        scope[_QUOTA] = Quota(limit=self._pace.burst, remaining=self._pace.left(level), reset=ceil(level))
        if is_too_much:
            raise Denied(DeniedReason.PACE, retry_after=max(ceil(ahead - self._pace.room), 1))


def headers_of(scope: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Return what the answer to *scope* says of how much is left, nothing where nobody counts."""
    quota = scope.get(_QUOTA)
    if not isinstance(quota, Quota):
        return []
    return [(name.decode(), value.decode()) for name, value in quota_headers(quota)]
