"""Who may ask: whoever shows the access token, a key, its token or a session; this machine, until anybody is a member."""

from collections.abc import Callable
from datetime import datetime
from typing import Any, Final, Protocol, TypeAlias

from litestar.connection import ASGIConnection
from litestar.datastructures import Cookie
from litestar.handlers import BaseRouteHandler
from msgspec import Struct

from contracts.access import bearer_of, host_named, is_loopback_host, is_proxied, same_secret
from contracts.control.keys import Scope
from contracts.keys import ListedKey, digest_of, id_in, key_in_authorization, same_digest
from contracts.mounts import Mount
from contracts.sessions import COOKIE as SESSION_COOKIE
from projections.query.caller import TOKEN, Caller, caller_with, guest, only_caller
from projections.query.credentials import Credentials
from projections.query.decisions import Decisions, decision_in
from projections.query.guessing import Guessing
from projections.query.members import caller_signed_in
from projections.query.mounts import public_caller
from projections.query.parameters import AFTER
from projections.query.problems import KeyEnded, Refused, forbidden, unauthorized
from projections.query.shown_token import ShownTokens
from projections.query.sign_ins import LIFETIME, SignIns

# Stands for the access token.
COOKIE: Final = "collector_access"
# Of several tenants of a member, the one that they look at.
TENANT_COOKIE: Final = "collector_tenant"
TENANT_HEADER: Final = "x-tenant-id"
KEY_HEADER: Final = "x-api-key"
# The key of a handler's opt that lets everybody in: the sign-in form and the files it needs.
OPEN: Final = "open"
# The key of a handler's opt that waits for what the address says was decided: a page after its form.
WAITS: Final = "waits"
# The key of a handler's opt that says whose address it is, should it be a system's that is read as it was.
MOUNT: Final = "mount"

_CALLER: Final = "collector_caller"
_SHOWN: Final = "collector_shown_key"
_LATE: Final = "collector_late"
_ENDED: Final = "collector_key_ended"
_SAME: Final = frozenset({"same-origin", "none"})

Connection: TypeAlias = ASGIConnection[Any, Any, Any, Any]


class ReadAsItWas(Protocol):
    """A system whose read endpoints we answer: what the door has to know of it."""

    @property
    def mount(self) -> Mount:
        """Return the system."""

    @property
    def shown_key(self) -> Callable[[Connection], str] | None:
        """Return what finds a key in a place of the system's own."""


class Access(Struct, frozen=True, kw_only=True):
    """The rule at the door."""

    token: str | None
    tenant: str
    secure: bool
    allowed_hosts: frozenset[str]
    clock: Callable[[], datetime]
    listed_keys: tuple[ListedKey, ...]
    credentials: Credentials
    tokens: ShownTokens
    guessing: Guessing
    decisions: Decisions
    sign_ins: SignIns | None

    def __repr__(self) -> str:
        """Say whether there is a token, never which."""
        return f"Access(token={'set' if self.token else 'not set'})"

    async def guard(self, connection: Connection, handler: BaseRouteHandler) -> None:
        """Remember who asks, or raise Refused unless they may have what *handler* answers."""
        self._require_host(connection)
        if (system := handler.opt.get(MOUNT)) is not None:
            connection.scope["state"][_CALLER] = await self._caller_at(connection, system)
            return
        if handler.opt.get(WAITS) and not handler.opt.get(OPEN):
            # First, for it may have made the session that is shown.
            seq = decision_in(connection.query_params.get(AFTER.name, ""))
            connection.scope["state"][_LATE] = seq > 0 and not await self.decisions.wait_for(seq)
        if not handler.opt.get(OPEN):
            connection.scope["state"][_CALLER] = await self._caller_of(connection)
        elif self.token is None and not _is_here(connection) and not await self.has_members():
            raise _only_here()

    def admits(self, token: str) -> bool:
        """Return whether *token* is the access token."""
        return self.token is not None and same_secret(token, self.token)

    async def has_members(self) -> bool:
        """Say whether anybody may sign in with a name."""
        return await self.credentials.has_members()

    async def begin_sign_in(self) -> Cookie:
        """Return a cookie that stands for the token until it expires or is taken back; the token cannot be read from it."""
        if self.sign_ins is None:
            raise unauthorized()
        return self._cookie(COOKIE, await self.sign_ins.begin(), max_age=int(LIFETIME.total_seconds()))

    async def end_sign_in(self, connection: Connection) -> list[Cookie]:
        """Take back the cookie that *connection* shows, so that nobody who has copied it is let in; return what removes it."""
        shown = connection.cookies.get(COOKIE, "")
        if self.sign_ins is not None and await self.sign_ins.know(shown):
            await self.sign_ins.end(shown)
        return [self._cookie(name, "", max_age=0) for name in (COOKIE, TENANT_COOKIE)]

    def looking_at(self, tenant: str) -> Cookie:
        """Return the cookie by which somebody looks at *tenant*, should it be theirs."""
        return self._cookie(TENANT_COOKIE, tenant, max_age=int(LIFETIME.total_seconds()))

    def _cookie(self, name: str, value: str, *, max_age: int) -> Cookie:
        return Cookie(key=name, value=value, max_age=max_age, path="/", secure=self.secure, httponly=True, samesite="strict")

    def _require_host(self, connection: Connection) -> None:
        if self.allowed_hosts and not _names_here(connection) and host_of(connection) not in self.allowed_hosts:
            raise forbidden("wrong_host", "This host name is not served here. Ask under the public address.")

    async def _caller_of(self, connection: Connection) -> Caller:
        caller = await self._known(connection)
        if caller is None:
            caller = await self._unknown(connection)
        asked = connection.headers.get(TENANT_HEADER)
        if asked is not None and asked != caller.tenant:
            raise forbidden("wrong_tenant", "The credential is another tenant's. Leave X-Tenant-Id out, or show that tenant's.")
        return caller

    async def _caller_at(self, connection: Connection, system: ReadAsItWas) -> Caller:
        """Return who asks at an address of *system*: as everywhere, or anybody, where the site that is bound to it is open."""
        if system.shown_key is not None and (shown := system.shown_key(connection)):
            connection.scope["state"][_SHOWN] = shown
        elif not _shows(connection) and (anybody := await public_caller(self.credentials.engine, system.mount)) is not None:
            return anybody
        return await self._caller_of(connection)

    async def _known(self, connection: Connection) -> Caller | None:
        """Return whom the credential that is shown stands for, None where none is; one in a header must be right."""
        authorization = connection.headers.get("authorization", "")
        shown = _key_of(connection) or authorization.strip()
        if shown and (holder := await self._holder_who_is_no_guesser(connection, shown)) is not None:
            return holder
        if (session := connection.cookies.get(SESSION_COOKIE)) is not None:
            signed_in = await self.credentials.signed_in(digest_of(session))
            if signed_in is not None and signed_in.is_open_at(self.clock()):
                asked = (connection.headers.get(TENANT_HEADER), connection.cookies.get(TENANT_COOKIE))
                return await caller_signed_in(signed_in.member, asked, default=self.tenant, credentials=self.credentials)
        if self.sign_ins is not None and await self.sign_ins.know(connection.cookies.get(COOKIE, "")):
            return only_caller(self.tenant, credential=TOKEN)
        return None

    async def _holder_who_is_no_guesser(self, connection: Connection, shown: str) -> Caller | None:
        """Return whose credential *shown* is, as below, unless their address has shown too much that was wrong."""
        self.guessing.require_patience(connection, shown)
        key, authorization = _key_of(connection), connection.headers.get("authorization", "")
        try:
            holder = await self._holder(key, authorization)
        except Refused as refusal:
            connection.scope["state"][_ENDED] = isinstance(refusal, KeyEnded)
            if refusal.challenge and not self.tokens.is_ours(key or key_in_authorization(authorization)):
                self.guessing.was_wrong(connection, shown)
            raise
        if holder is None:
            self.guessing.was_wrong(connection, shown)
        self.guessing.see(shown)
        return holder

    async def _holder(self, key: str, authorization: str) -> Caller | None:
        bearer = None if key else bearer_of(authorization)
        if bearer is not None and self.admits(bearer):
            return only_caller(self.tenant, credential=TOKEN)
        text = key or key_in_authorization(authorization)
        digest = digest_of(text)
        for listed in self.listed_keys:
            if same_digest(digest, listed.digest):
                return _reader(Caller(tenant=listed.tenant, scopes=_scopes(listed), credential=f"key:{listed.id}"))
        short = id_in(text)
        if short is None and not key and _is_basic(authorization):
            return None  # the name that somebody has signed in with at a proxy before us
        if short is None and (holder := await self.tokens.caller(text)) is not None:
            return _reader(holder)
        key_ = None if short is None else await self.credentials.key(short)
        if not same_digest(digest, None if key_ is None else key_.digest) or key_ is None or key_.is_revoked:
            raise unauthorized()
        if not key_.works_at(self.clock()):
            raise KeyEnded
        if await self.credentials.is_archived(key_.tenant):
            raise unauthorized()
        return _reader(caller_with(key_, frozenset(key_.scopes)))

    async def _unknown(self, connection: Connection) -> Caller:
        if self.token is not None:
            raise unauthorized()
        if _is_here(connection):
            return guest(self.tenant)
        if await self.has_members():
            raise unauthorized()
        raise _only_here()


def _key_of(connection: Connection) -> str:
    """Return the key that stands in a place of its own, "" where there is none."""
    return connection.scope["state"].get(_SHOWN) or connection.headers.get(KEY_HEADER, "").strip()


def _shows(connection: Connection) -> bool:
    return KEY_HEADER in connection.headers or "authorization" in connection.headers or shows_cookie(connection)


def caller_in(connection: Connection) -> Caller:
    """Return who asks, as the guard has found out."""
    caller: Caller = connection.scope["state"][_CALLER]
    return caller


def known_caller(connection: Connection) -> Caller | None:
    """Return who asks, None at an address that is open to everybody."""
    caller: Caller | None = connection.scope["state"].get(_CALLER)
    return caller


def shows_cookie(connection: Connection) -> bool:
    """Say whether who asks shows a cookie, and so has something to give back."""
    return COOKIE in connection.cookies or SESSION_COOKIE in connection.cookies


def is_late(connection: Connection) -> bool:
    """Say whether what the page's address names was not known in time."""
    late: bool = connection.scope["state"].get(_LATE, False)
    return late


def showed_an_ended_key(connection: Connection) -> bool:
    """Say whether who asks was refused for a key that worked until it ended."""
    return bool(connection.scope["state"].get(_ENDED))


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


def _names_here(connection: Connection) -> bool:
    return is_loopback_host(connection.headers.get("host", ""))


def _is_here(connection: Connection) -> bool:
    return _names_here(connection) and not is_proxied(connection.headers.keys())


def _only_here() -> Refused:
    return forbidden(
        "loopback_only",
        "Without an access token only this machine is answered, under http://localhost. "
        "Set COLLECTOR_ACCESS_TOKEN to open the dashboard to others.",
    )


def _is_basic(authorization: str) -> bool:
    return authorization.strip().lower().startswith("basic ")


def _scopes(listed: ListedKey) -> frozenset[Scope]:
    return frozenset(scope for scope in Scope if scope.value in listed.scopes)


def _reader(caller: Caller) -> Caller:
    if Scope.READ not in caller.scopes:
        raise forbidden("scope", "The key may not read. Show one that has the scope read.")
    return caller
