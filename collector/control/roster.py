"""Roster: who is a member and which browsers are signed in, as the control plane decides it; read through its leader.

A session is asked for with every click, and must end everywhere at once: so nothing of it is remembered here.
"""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Protocol, TypeVar

from msgspec import Struct

from collector.control.checked import known_key
from collector.control.decided import MOVED, Reason, Undecided
from collector.control.plane import ControlPlane
from contracts.control.keys import Key, key_id
from contracts.control.people import SESSION_KIND, Grant, Member, Session

Answer = TypeVar("Answer")


class RosterUnavailable(Exception):
    """The control stream does not answer now, or does not say whether it has stored; it may be asked again."""


class Outdated(Exception):
    """Somebody else has decided about the same thing meanwhile; look at it again."""


class Invited(Struct, frozen=True, kw_only=True):
    """Who was invited, by their short id, and the control sequence of that."""

    member: str
    seq: int


class Roster(Protocol):
    """What people and sessions are decided through; what decides returns the control sequence."""

    async def member(self, short: str) -> Member | None:
        """Return the member whose id is *short*."""

    async def members(self) -> Mapping[str, Member]:
        """Return every member that there ever was, by their short id."""

    async def session(self, digest: str) -> Session | None:
        """Return the session whose cookie has *digest*."""

    async def sessions(self) -> Mapping[str, Session]:
        """Return every session that there ever was, by its digest."""

    async def key(self, short: str) -> Key | None:
        """Return the key whose id is *short*."""

    async def invite(self, *, digest: str, grants: tuple[Grant, ...], expires_at: datetime, by: str) -> Invited:
        """Decide that whoever shows what has *digest* may join."""

    async def join(self, member: Member) -> int:
        """Decide that the invitation of *member* was taken up, by themselves."""

    async def remove(self, member: Member, *, by: str) -> int:
        """Decide that *member* may do nothing more."""

    async def start_session(self, digest: str, *, member: str, expires_at: datetime, by: str) -> int:
        """Decide that whoever shows what has *digest* is signed in as the member whose id is *member*."""

    async def end_session(self, session: Session, *, by: str) -> int:
        """Decide that *session* is worth nothing any more."""


class PlaneRoster:
    """The roster of *plane*; while it is known that NATS is away, nobody waits for it."""

    def __init__(self, plane: ControlPlane, *, is_connected: Callable[[], bool]) -> None:
        self._plane = plane
        self._is_connected = is_connected

    async def member(self, short: str) -> Member | None:
        """Return the member whose id is *short*."""
        return await self._found(lambda plane: plane.members.find(short))

    async def members(self) -> Mapping[str, Member]:
        """Return every member that there ever was, by their short id."""
        return {_short(member.id): member for member in await self._asked(lambda plane: plane.members.all())}

    async def session(self, digest: str) -> Session | None:
        """Return the session whose cookie has *digest*."""
        return await self._found(lambda plane: plane.sessions.find(digest))

    async def sessions(self) -> Mapping[str, Session]:
        """Return every session that there ever was, by its digest."""
        found = await self._asked(lambda plane: plane.things_of(SESSION_KIND))
        return {_short(seen.id): seen.thing for seen in found if seen.thing is not None}

    async def key(self, short: str) -> Key | None:
        """Return the key whose id is *short*."""
        key: Key | None = await self._found(lambda plane: plane.look(key_id(known_key(short))).thing)
        return key

    async def invite(self, *, digest: str, grants: tuple[Grant, ...], expires_at: datetime, by: str) -> Invited:
        """Decide that whoever shows what has *digest* may join."""
        decided = await self._asked(
            lambda plane: plane.members.invite(digest=digest, grants=grants, expires_at=expires_at, by=by)
        )
        return Invited(member=_short(decided.thing.id), seq=decided.seq)

    async def join(self, member: Member) -> int:
        """Decide that the invitation of *member* was taken up, by themselves; raise Outdated when it was before."""
        try:
            return (await self._asked(lambda plane: plane.members.join(_short(member.id), digest=member.digest))).seq
        except Undecided as undecided:
            if undecided.reason is Reason.CONFLICT:
                raise Outdated from None
            raise

    async def remove(self, member: Member, *, by: str) -> int:
        """Decide that *member* may do nothing more."""
        return (await self._asked(lambda plane: plane.members.remove(_short(member.id), by=by))).seq

    async def start_session(self, digest: str, *, member: str, expires_at: datetime, by: str) -> int:
        """Decide that whoever shows what has *digest* is signed in as the member whose id is *member*."""
        decided = await self._asked(lambda plane: plane.sessions.start(digest, member=member, expires_at=expires_at, by=by))
        return decided.seq

    async def end_session(self, session: Session, *, by: str) -> int:
        """Decide that *session* is worth nothing any more."""
        return (await self._asked(lambda plane: plane.sessions.end(_short(session.id), by=by))).seq

    async def _found(self, look: Callable[[ControlPlane], Answer]) -> Answer | None:
        try:
            return await self._asked(look)
        except Undecided as undecided:
            if undecided.reason is Reason.NOT_FOUND:
                return None
            raise

    async def _asked(self, command: Callable[[ControlPlane], Answer]) -> Answer:
        if not self._is_connected():
            raise RosterUnavailable
        try:
            return await self._plane.run(command)
        except Undecided as undecided:
            if undecided.reason is Reason.UNAVAILABLE:
                raise RosterUnavailable from undecided
            if str(undecided) == MOVED:
                raise Outdated from None
            raise


def _short(thing_id: str) -> str:
    return thing_id.partition(":")[2]
