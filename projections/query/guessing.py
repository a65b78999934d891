"""Guessing: whose sign-in is looked at now and whose has to wait, by the address that asks."""

from collections.abc import Callable, Sequence
from typing import Any, TypeAlias

from litestar.connection import ASGIConnection
from msgspec import Struct

from contracts.throttle import Throttle

# The peer's address, and every X-Forwarded-For in its order -> whose address it is.
AddressOf: TypeAlias = Callable[[str, Sequence[str]], str]


def address_of_peer(peer: str, forwarded: Sequence[str]) -> str:  # noqa: ARG001  # the one rule that believes no proxy
    """Return the address that the request came from."""
    return peer


class Guessing(Struct, frozen=True, kw_only=True):
    """What slows down those who guess; no address is kept but as a keyed hash."""

    throttle: Throttle
    address_of: AddressOf = address_of_peer

    def attempt(self, connection: ASGIConnection[Any, Any, Any, Any], name: str = "") -> int:
        """Count a try to sign in and return 0; or look at nothing, and return the seconds after which to come back."""
        return self.throttle.attempt(address=self._address(connection), name=name)

    def forgive(self, connection: ASGIConnection[Any, Any, Any, Any], name: str = "") -> None:
        """Take back the try that turned out to be right."""
        self.throttle.forgive(address=self._address(connection), name=name)

    def _address(self, connection: ASGIConnection[Any, Any, Any, Any]) -> str:
        client = connection.scope["client"]
        forwarded = [value.decode("latin-1") for name, value in connection.scope["headers"] if name == b"x-forwarded-for"]
        return self.address_of(client[0] if client else "", forwarded)
