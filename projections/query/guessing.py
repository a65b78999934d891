"""Guessing: whose sign-in or credential is looked at now and whose has to wait, by the address that asks."""

import secrets
from collections.abc import Callable, Sequence
from typing import Any, TypeAlias

from litestar.connection import ASGIConnection

from contracts.prefix import KEY_BYTES, hashed
from contracts.recent import Recent
from contracts.throttle import FORGOTTEN_AFTER, Throttle
from projections.query.problems import slowed

# The peer's address, and every X-Forwarded-For in its order -> whose address it is.
AddressOf: TypeAlias = Callable[[str, Sequence[str]], str]


def address_of_peer(peer: str, forwarded: Sequence[str]) -> str:  # noqa: ARG001  # the one rule that believes no proxy
    """Return the address that the request came from."""
    return peer


class Guessing:
    """What slows down those who guess; no address and no credential is kept but as a keyed hash.

    A credential of a header that was looked at before is no new guess, right or wrong: who has a right one is not slowed by
    others at their address, and a program that goes on showing one that was revoked slows nobody.
    """

    def __init__(self, throttle: Throttle, *, clock: Callable[[], float], address_of: AddressOf = address_of_peer) -> None:
        self._throttle = throttle
        self._clock = clock
        self._address_of = address_of
        self._key = secrets.token_bytes(KEY_BYTES)
        self._seen: Recent[float] = Recent(_seconds_left)

    def attempt(self, connection: ASGIConnection[Any, Any, Any, Any], name: str = "") -> int:
        """Count a try to sign in and return 0; or look at nothing, and return the seconds after which to come back."""
        return self._throttle.attempt(address=self._address(connection), name=name)

    def forgive(self, connection: ASGIConnection[Any, Any, Any, Any], name: str = "") -> None:
        """Take back the try that turned out to be right."""
        self._throttle.forgive(address=self._address(connection), name=name)

    def require_patience(self, connection: ASGIConnection[Any, Any, Any, Any], shown: str) -> None:
        """Return when the credential *shown* is looked at now, or raise Refused."""
        if not self._was_seen(shown) and (wait := self._throttle.wait(address=self._address(connection))):
            raise slowed(wait)

    def was_wrong(self, connection: ASGIConnection[Any, Any, Any, Any], shown: str) -> None:
        """Hold *shown* against the address that it came from, once."""
        if not self._was_seen(shown):
            self._throttle.attempt(address=self._address(connection))
        self.see(shown)

    def see(self, shown: str) -> None:
        """Let nobody wait who shows this again."""
        now = self._clock()
        self._seen.put(self._mark(shown), now + FORGOTTEN_AFTER, now)

    def _was_seen(self, shown: str) -> bool:
        return self._seen.get(self._mark(shown), 0.0) > self._clock()

    def _mark(self, shown: str) -> int:
        return hashed(shown.encode(errors="surrogatepass"), self._key)

    def _address(self, connection: ASGIConnection[Any, Any, Any, Any]) -> str:
        client = connection.scope["client"]
        forwarded = [value.decode("latin-1") for name, value in connection.scope["headers"] if name == b"x-forwarded-for"]
        return self._address_of(client[0] if client else "", forwarded)


def _seconds_left(until: float, now: float) -> float:
    return until - now
