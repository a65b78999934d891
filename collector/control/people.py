"""People: invited by a link that works once, joining with a name and a password, and forgotten when they are removed.

What was decided is in the control stream, by ids alone; names, addresses and passwords are in the vault.
"""

import hmac
import re
import secrets
from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from typing import Final

from msgspec import Struct, structs

from collector.control.denied import Denied, DeniedReason
from collector.control.passwords import LONGEST, SHORTEST, Passwords, PasswordsBusy
from collector.control.register import NOBODY, Register, checked_address, checked_name
from collector.control.roster import Outdated, Roster
from collector.control.vault import Vault, VaultClosed
from contracts.control.people import Grant, Member, MemberState, Role
from contracts.sessions import digest_of
from contracts.vault import Particulars

INVITATION_LIFE: Final = timedelta(days=7)
# For so long whoever joined may do it again, where what they said did not reach the vault.
_UNFINISHED: Final = timedelta(minutes=10)
_SECRET_BYTES: Final = 32
_INVITATION = re.compile(r"(?P<member>[0-9a-z]{1,32})\.(?P<secret>[0-9a-f]{64})")
# Compared with where there is no member, so that a miss takes as long as a hit.
_NO_DIGEST: Final = "0" * 64
_HERE: Final = "here"
OWNER: Final = (Grant(role=Role.OWNER),)


class Invitation(Struct, frozen=True, kw_only=True):
    """An invitation that was just made: ``secret`` stands in the link, is shown once, and kept by nobody."""

    member: str
    secret: str
    expires_at: datetime
    seq: int

    def __repr__(self) -> str:
        return f"Invitation(member={self.member!r})"

    __str__ = __repr__

    def __rich_repr__(self) -> list[tuple[str, object]]:
        return [("member", self.member)]


class Joined(Struct, frozen=True, kw_only=True):
    """Somebody who has just become a member, and the control sequence of that."""

    member: str
    seq: int


class People:
    """Who may sign in; each method raises Denied, VaultClosed, or that vault or roster is unavailable."""

    def __init__(
        self,
        *,
        roster: Roster,
        vault: Vault,
        passwords: Passwords,
        clock: Callable[[], datetime],
        draw: Callable[[int], str] = secrets.token_hex,
    ) -> None:
        self._roster = roster
        self._vault = vault
        self._register = Register(vault)
        self._passwords = passwords
        self._clock = clock
        self._draw = draw

    async def invite(self, grants: tuple[Grant, ...], *, by: str, life: timedelta = INVITATION_LIFE) -> Invitation:
        """Invite somebody to do what *grants* say, and return the secret of the one-time link."""
        await self._vault.seal()  # whoever cannot join must not be invited
        secret, expires_at = self._draw(_SECRET_BYTES), self._clock() + life
        made = await self._roster.invite(digest=digest_of(secret), grants=grants, expires_at=expires_at, by=by)
        return Invitation(member=made.member, secret=f"{made.member}.{secret}", expires_at=expires_at, seq=made.seq)

    async def invite_owner(self, *, life: timedelta = INVITATION_LIFE) -> Invitation | None:
        """Invite the owner of the installation, from this machine, while nobody can sign in; None once somebody can.

        Of the links that were made like this the last one alone works.
        """
        members = await self._roster.members()
        if await self._are_any(members.values()):
            return None
        for member in members.values():
            if member.state is MemberState.INVITED and member.grants == OWNER:
                await self._roster.remove(member, by=_HERE)
        return await self.invite(OWNER, by=_HERE, life=life)

    async def are_any(self) -> bool:
        """Say whether anybody can sign in."""
        return await self._are_any((await self._roster.members()).values())

    async def look(self, secret: str) -> Member:
        """Return what the invitation *secret* lets its holder become, or raise Denied when it is worth nothing."""
        said = _INVITATION.fullmatch(secret)
        member = await self._roster.member(NOBODY if said is None else said["member"])
        shown, kept = digest_of("" if said is None else said["secret"]), _NO_DIGEST if member is None else member.digest
        if not hmac.compare_digest(shown, kept) or member is None or not await self._is_open(member):
            raise Denied(DeniedReason.NO_INVITATION)
        return member

    async def join(self, secret: str, *, name: str, password: str, address: str = "") -> Joined:
        """Make a member of whoever shows the invitation; of several who show it at once, of one."""
        particulars = Particulars(name=checked_name(name), password="", address=checked_address(address))
        member = await self.look(secret)
        short = short_of(member)
        kept = structs.replace(particulars, password=await self._hashed(password))
        await self._vault.seal()
        seq = 0
        if member.state is MemberState.INVITED:
            try:
                seq = await self._roster.join(member)
            except Outdated:
                member = await self.look(secret)  # another may have shown it at the same time: the vault takes one of us
        await self._register.enter(short, kept)
        return Joined(member=short, seq=seq)

    async def change_password(self, short: str, *, old: str, new: str) -> None:
        """Replace a member's password, for whoever knows the one there is."""
        registered = await self._register.of(short)
        if not await self._are_same(old, None if registered is None else registered.particulars.password) or registered is None:
            raise Denied(DeniedReason.WRONG_SIGN_IN, field="old")
        changed = structs.replace(registered.particulars, password=await self._hashed(new))
        await self._register.change(short, changed, expected_revision=registered.revision)

    async def name_of(self, short: str) -> str | None:
        """Return what the member whose id is *short* is called."""
        registered = await self._register.of(short)
        return None if registered is None else registered.particulars.name

    async def name_or_nothing(self, member: Member) -> str:
        """Return what *member* is called, "" for whoever has not joined, and where the vault does not open."""
        try:
            return await self.name_of(short_of(member)) or ""
        except VaultClosed:
            return ""

    async def remove(self, short: str, *, by: str) -> int:
        """Let a member do nothing more, and erase what is known about them; done again it erases what was left."""
        member = await self._roster.member(short)
        if member is None:
            raise Denied(DeniedReason.NO_MEMBER)
        seq = 0
        if member.state is not MemberState.REMOVED:
            try:
                seq = await self._roster.remove(member, by=by)
            except Outdated:
                raise Denied(DeniedReason.CHANGED) from None
        await self._register.forget(short)
        return seq

    async def forget_the_removed(self) -> int:
        """Erase what a removal that did not come to its end has left, and return of how many members."""
        members = await self._roster.members()
        left = [
            short
            for short in await self._register.registered()
            if (member := members.get(short)) is None or member.state is MemberState.REMOVED
        ]
        for short in left:
            await self._register.forget(short)
        return len(left)

    async def _are_any(self, members: Iterable[Member]) -> bool:
        joined = {short_of(member) for member in members if member.state is MemberState.JOINED}
        return bool(joined) and not joined.isdisjoint(await self._register.registered())

    async def _is_open(self, member: Member) -> bool:
        now = self._clock()
        if now >= member.invited_until or member.state is MemberState.REMOVED:
            return False
        if member.state is MemberState.INVITED:
            return True
        return now - member.since < _UNFINISHED and await self._register.of(short_of(member)) is None

    async def _hashed(self, password: str) -> str:
        if not SHORTEST <= len(password) <= LONGEST:
            raise Denied(DeniedReason.PASSWORD, field="password")
        try:
            return await self._passwords.hashed(password)
        except PasswordsBusy:
            raise Denied(DeniedReason.BUSY, retry_after=1) from None

    async def _are_same(self, password: str, kept: str | None) -> bool:
        try:
            return await self._passwords.are_same(password, kept)
        except PasswordsBusy:
            raise Denied(DeniedReason.BUSY, retry_after=1) from None


def short_of(member: Member) -> str:
    """Return the id of *member* without its kind."""
    return member.id.partition(":")[2]
