"""Who may ask: whoever shows the access token; without a token only this machine, by a name that no stranger can borrow."""

import hmac
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any, TypeAlias

from litestar.connection import ASGIConnection
from litestar.datastructures import Cookie
from litestar.handlers import BaseRouteHandler
from msgspec import Struct

from contracts.access import bearer_of, host_named, is_loopback_host, is_proxied, same_secret
from projections.query.problems import forbidden, unauthorized

COOKIE = "collector_access"
# The key of a handler's opt that lets everybody in: the sign-in form and the files it needs.
OPEN = "open"
_SESSION = timedelta(days=30)
_SAME = frozenset({"same-origin", "none"})

Connection: TypeAlias = ASGIConnection[Any, Any, Any, Any]


class Access(Struct, frozen=True, kw_only=True):
    """The rule at the door."""

    token: str | None
    secure: bool
    allowed_hosts: frozenset[str]
    clock: Callable[[], datetime]

    def __repr__(self) -> str:
        """Say whether there is a token, never which."""
        return f"Access(token={'set' if self.token else 'not set'})"

    def guard(self, connection: Connection, handler: BaseRouteHandler) -> None:
        """Raise Refused unless the caller may have what *handler* answers."""
        self._require_host(connection)
        if self.token is None or handler.opt.get(OPEN) or self._is_known(connection):
            return
        raise unauthorized()

    def admits(self, token: str) -> bool:
        """Return whether *token* is the access token."""
        return self.token is not None and same_secret(token, self.token)

    def cookie(self) -> Cookie:
        """Return the cookie that stands for the token until it expires; the token cannot be read from it."""
        expires = int((self.clock() + _SESSION).timestamp())
        return self._cookie(f"{expires}.{self._seal(expires)}", max_age=int(_SESSION.total_seconds()))

    def no_cookie(self) -> Cookie:
        """Return the cookie that takes the other one back."""
        return self._cookie("", max_age=0)

    def _cookie(self, value: str, *, max_age: int) -> Cookie:
        return Cookie(key=COOKIE, value=value, max_age=max_age, path="/", secure=self.secure, httponly=True, samesite="strict")

    def _require_host(self, connection: Connection) -> None:
        is_here = is_loopback_host(connection.headers.get("host", ""))
        if self.token is None and (not is_here or is_proxied(connection.headers.keys())):
            raise forbidden(
                "loopback_only",
                "Without an access token only this machine is answered, under http://localhost. "
                "Set COLLECTOR_ACCESS_TOKEN to open the dashboard to others.",
            )
        if self.allowed_hosts and not is_here and host_of(connection) not in self.allowed_hosts:
            raise forbidden("wrong_host", "This host name is not served here. Ask under the public address.")

    def _is_known(self, connection: Connection) -> bool:
        shown = bearer_of(connection.headers.get("authorization", ""))
        if shown is not None:
            return self.admits(shown)
        return self._is_sealed(connection.cookies.get(COOKIE, ""))

    def _is_sealed(self, value: str) -> bool:
        text, _, seal = value.partition(".")
        expires = int(text) if text.isascii() and text.isdecimal() and len(text) <= 12 else 0  # noqa: PLR2004  # seconds
        # Both are always looked at, so that the time it takes says nothing.
        return same_secret(seal, self._seal(expires)) and expires > self.clock().timestamp()

    def _seal(self, expires: int) -> str:
        return hmac.digest((self.token or "").encode(), f"collector dashboard until {expires}".encode(), "sha256").hex()


def host_of(connection: Connection) -> str:
    """Return the host that the caller asked for, in lower case and without its port; "" when the header names none."""
    return host_named(connection.headers.get("host", ""))


def require_same_origin(connection: Connection) -> None:
    """Raise Refused when the form was sent by a page of somebody else's."""
    site = connection.headers.get("sec-fetch-site")
    origin = connection.headers.get("origin")
    if site is not None:
        same = site in _SAME
    else:
        # As texts: an origin that is no address must not be read as one, and an absent host is nobody's origin.
        host = connection.headers.get("host", "").lower()
        same = origin is None or (host != "" and origin.lower().partition("://")[2] == host)
    if not same:
        raise forbidden("cross_site", "The form was sent from another site. Open the dashboard and send it from there.")
