"""Throttle: sign-ins by name and by address, slowed more and more while they are wrong; no I/O, and its clock is given."""

import secrets
from collections.abc import Callable
from math import ceil
from typing import Final, TypeAlias

from contracts.prefix import KEY_BYTES, hashed, hashed_prefix
from contracts.recent import MOST, Recent
from contracts.sessions import folded_name

# Somebody who mistypes is never slowed; many may sit behind one address.
FREE_OF_A_NAME: Final = 5
FREE_OF_AN_ADDRESS: Final = 10
FIRST_WAIT: Final = 1.0
# Who only knows a name can keep its owner waiting, so not for long; who guesses names has an address.
LONGEST_OF_A_NAME: Final = 30.0
LONGEST_OF_AN_ADDRESS: Final = 300.0
FORGOTTEN_AFTER: Final = 900.0
KNOWN_FOR: Final = 30 * 86_400.0

# How many tries were wrong, and when the last one was.
_Tries: TypeAlias = tuple[int, float]
_NONE: Final[_Tries] = (0, 0.0)


class Throttle:
    """Slow down those who guess: a few wrong tries cost nothing, each one more doubles the wait for the next.

    A try counts as wrong from its beginning until it is forgiven, so that forty at once are no forty tries. The right one
    clears a name's count; of an address it takes back only itself, else one account of one's own would buy guesses at all
    others. Where somebody has signed in before, others' guesses at the name keep them waiting no more. A quarter of an hour
    without a try forgets all of it. Names and addresses are held as keyed hashes, and their number is bounded.
    """

    def __init__(self, clock: Callable[[], float], *, most: int = MOST) -> None:
        """Go by the seconds of *clock*, and remember *most* names, and as many addresses, at most."""
        self._clock = clock
        self._key = secrets.token_bytes(KEY_BYTES)
        self._names = _Slowing(free=FREE_OF_A_NAME, longest=LONGEST_OF_A_NAME, most=most)
        self._addresses = _Slowing(free=FREE_OF_AN_ADDRESS, longest=LONGEST_OF_AN_ADDRESS, most=most)
        self._known: Recent[float] = Recent(_seconds_left, most=most)

    def attempt(self, *, address: str, name: str = "") -> int:
        """Count a try and return 0; or look at nothing, and return the whole seconds after which one is looked at again.

        *name* is whatever was typed, also when nobody is called so; empty where only a secret is asked for.
        """
        if wait := self.wait(address=address, name=name):
            return wait
        now = self._clock()
        who, where, _ = self._marks(name, address)
        self._addresses.count(where, now)
        if name:
            self._names.count(who, now)
        return 0

    def wait(self, *, address: str, name: str = "") -> int:
        """Return the whole seconds after which a try is looked at, 0 for now, and count none."""
        now = self._clock()
        who, where, both = self._marks(name, address)
        wait = self._addresses.wait(where, now)
        if name and self._known.get(both, 0.0) <= now:
            wait = max(wait, self._names.wait(who, now))
        return ceil(wait) if wait > 0 else 0

    def forgive(self, *, address: str, name: str = "") -> None:
        """Take back the try that turned out to be right."""
        now = self._clock()
        who, where, both = self._marks(name, address)
        self._addresses.take_back(where, now)
        if name:
            self._names.clear(who, now)
            self._known.put(both, now + KNOWN_FOR, now)

    def _marks(self, name: str, address: str) -> tuple[int, int, int]:
        where = hashed_prefix(address, self._key)
        who = hashed(folded_name(name).encode(errors="surrogatepass"), self._key)
        return who, where, hashed(b"%d %d" % (who, where), self._key)


class _Slowing:
    """What one kind of mark is slowed by."""

    def __init__(self, *, free: int, longest: float, most: int) -> None:
        self._free = free
        self._longest = longest
        self._tries: Recent[_Tries] = Recent(_weight, most=most)

    def wait(self, who: int, now: float) -> float:
        """Return the seconds until a try of *who* is looked at; nothing or less is now."""
        wrong, last = self._tries_of(who, now)
        if wrong < self._free:
            return 0.0
        doubled = FIRST_WAIT * 2.0 ** min(wrong - self._free, 30)
        # Of a clock that was put back nobody waits for longer than of one that was not.
        return min(doubled, self._longest) - max(now - last, 0.0)

    def count(self, who: int, now: float) -> None:
        """Count one more try."""
        self._tries.put(who, (self._tries_of(who, now)[0] + 1, now), now)

    def take_back(self, who: int, now: float) -> None:
        """Count one less, and let the next be looked at at once."""
        self._tries.put(who, (max(self._tries_of(who, now)[0] - 1, 0), now - self._longest), now)

    def clear(self, who: int, now: float) -> None:
        """Count none."""
        self._tries.put(who, (0, now), now)

    def _tries_of(self, who: int, now: float) -> _Tries:
        tries = self._tries.get(who, _NONE)
        return tries if _weight(tries, now) else _NONE


def _weight(tries: _Tries, now: float) -> float:
    wrong, last = tries
    return wrong if now - last < FORGOTTEN_AFTER else 0


def _seconds_left(until: float, now: float) -> float:
    return until - now
