"""Signing in and out: name and password become a session, whose cookie is random and whose digest is in the control stream."""

import contextlib
import secrets
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from typing import Final

from msgspec import Struct, structs

from collector.control.decided import Undecided
from collector.control.denied import Denied, DeniedReason
from collector.control.passwords import LONGEST, Passwords, PasswordsBusy
from collector.control.register import NOBODY, Register, Registered, is_same_name
from collector.control.roster import Roster, short_of
from collector.control.vault import Vault, VaultClosed, VaultUnavailable
from contracts.control.people import Member, MemberState, Session, member_id
from contracts.sessions import LONGEST_TYPED_NAME, digest_of
from contracts.throttle import Throttle

# What keeps an answer from whoever is asked, whatever it would be.
UNANSWERED: Final = (VaultClosed, VaultUnavailable, Undecided)
SESSION_LIFE: Final = timedelta(days=14)
_SECRET_BYTES: Final = 32


class SignedIn(Struct, frozen=True, kw_only=True):
    """A session that has just begun: ``secret`` is the cookie's, and kept by nobody but the browser."""

    secret: str
    member: str
    expires_at: datetime
    seq: int

    def __repr__(self) -> str:
        return f"SignedIn(member={self.member!r})"

    __str__ = __repr__

    def __rich_repr__(self) -> list[tuple[str, object]]:
        return [("member", self.member)]


class Visitor(Struct, frozen=True, kw_only=True):
    """Whoever shows a cookie: which session it is of, and which member that is."""

    session: Session
    member: Member

    @property
    def short(self) -> str:
        """Return the member's id without its kind."""
        return short_of(self.member)

    @property
    def actor(self) -> str:
        """Return who decides, as control events name it."""
        return self.member.id


class SignIns:
    """Sessions, begun with a password and ended by anybody's decision; each method raises as People's do."""

    def __init__(
        self,
        *,
        roster: Roster,
        vault: Vault,
        passwords: Passwords,
        throttle: Throttle,
        clock: Callable[[], datetime],
        draw: Callable[[int], str] = secrets.token_hex,
    ) -> None:
        self._roster = roster
        self._register = Register(vault)
        self._passwords = passwords
        self._throttle = throttle
        self._clock = clock
        self._draw = draw

    async def sign_in(self, name: str, password: str, *, address: str) -> SignedIn:
        """Begin a session for whoever knows name and password; whether the name is known, neither words nor time tell.

        *address* is whom a wrong try is held against, with the name; it goes no further.
        """
        self.require_patience(address=address, name=name)
        try:
            member, registered = await self._recognised(name, password)
        except (PasswordsBusy, *UNANSWERED) as error:
            self._throttle.forgive(address=address)  # it was no try: nobody has looked
            if isinstance(error, PasswordsBusy):
                raise Denied(DeniedReason.BUSY, retry_after=1) from None
            raise
        if member is None or registered is None:
            raise Denied(DeniedReason.WRONG_SIGN_IN)
        self._throttle.forgive(address=address, name=name)
        await self._hash_again(short_of(member), registered, password)
        return await self.begin(short_of(member))

    def require_patience(self, *, address: str, name: str = "") -> None:
        """Count a try from *address*, or raise Denied when there were too many; whoever was right is forgiven afterwards."""
        if (wait := self._throttle.attempt(address=address, name=name)) > 0:
            raise Denied(DeniedReason.SLOWED, retry_after=wait)

    @contextlib.contextmanager
    def a_try(self, *, address: str, wrong: DeniedReason) -> Iterator[None]:
        """Count what is done within as a try from *address* only if it is denied as *wrong*; raise Denied when it has to wait.

        What fails otherwise guesses nothing: what was shown is right, or nobody has looked.
        """
        self.require_patience(address=address)
        try:
            yield
        except Denied as denied:
            if denied.reason is not wrong:
                self._throttle.forgive(address=address)
            raise
        except UNANSWERED:
            self._throttle.forgive(address=address)
            raise
        self._throttle.forgive(address=address)

    async def begin(self, short: str) -> SignedIn:
        """Begin a session for the member whose id is *short*."""
        secret, expires_at = self._draw(_SECRET_BYTES), self._clock() + SESSION_LIFE
        by = member_id(short)
        begun = await self._roster.start_session(digest_of(secret), member=short, expires_at=expires_at, by=by)
        return SignedIn(secret=secret, member=short, expires_at=expires_at, seq=begun.seq)

    async def visitor(self, secret: str) -> Visitor:
        """Return whose cookie *secret* is, or raise Denied when it is nobody's any more."""
        session = await self._roster.session(digest_of(secret))
        if session is None or not session.is_open_at(self._clock()):
            raise Denied(DeniedReason.NOT_SIGNED_IN)
        member = await self._roster.member(session.member)
        if member is None or member.state is not MemberState.JOINED:
            raise Denied(DeniedReason.NOT_SIGNED_IN)
        return Visitor(session=session, member=member)

    async def open_sessions(self, short: str) -> dict[str, Session]:
        """Return the open sessions of the member whose id is *short*, by their digest, the newest first."""
        found = await self._roster.sessions_open_at(self._clock())
        theirs = [(digest, each) for digest, each in found.items() if each.member == short]
        return dict(sorted(theirs, key=lambda each: each[1].started_at, reverse=True))

    async def end(self, digest: str, *, of: str, by: str) -> int:
        """End a session of the member whose id is *of*; raise Denied where there is none."""
        session = await self._roster.session(digest)
        if session is None or session.member != of:
            raise Denied(DeniedReason.NO_SESSION)
        return (await self._roster.end_session(digest, by=by)).seq

    async def end_others(self, visitor: Visitor) -> int:
        """End every session of the visitor's but the one that they came with, and return how many."""
        here = visitor.session.id.partition(":")[2]
        others = [digest for digest in await self.open_sessions(visitor.short) if digest != here]
        for digest in others:
            await self.end(digest, of=visitor.short, by=visitor.actor)
        return len(others)

    async def _recognised(self, name: str, password: str) -> tuple[Member | None, Registered | None]:
        is_possible = len(name) <= LONGEST_TYPED_NAME and len(password) <= LONGEST
        short = (await self._register.whose(name) if is_possible else None) or NOBODY
        registered = await self._register.of(short)
        member = await self._roster.member(short)
        kept = None if registered is None else registered.particulars.password
        is_right = await self._passwords.are_same(password if is_possible else "", kept)
        if not is_right or member is None or registered is None or member.state is not MemberState.JOINED:
            return None, None
        return (member, registered) if is_same_name(registered.particulars.name, name) else (None, None)

    async def _hash_again(self, short: str, registered: Registered, password: str) -> None:
        if not self._passwords.is_outdated(registered.particulars.password):
            return
        changed = structs.replace(registered.particulars, password=await self._passwords.hashed(password))
        try:
            await self._register.change(short, changed, expected_revision=registered.revision)
        except Denied:  # somebody else has changed it meanwhile
            return
