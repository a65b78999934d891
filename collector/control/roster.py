"""Roster: members, sessions and keys on the control plane, for code on an event loop; read anew each time, through the leader.

A session is asked for with every click, and must end everywhere at once: so nothing is remembered of one that is open.
"""

import re
from collections.abc import Mapping
from datetime import datetime
from typing import Final, TypeVar

from collector.control.decided import Decided, Reason, Undecided
from collector.control.plane import ControlPlane
from contracts.control.keys import Key, key_id
from contracts.control.people import SESSION_KIND, Grant, Member, Session, member_id, session_id
from contracts.control.tenants import Tenant, tenant_id

T = TypeVar("T")
_DIGEST = re.compile(r"[0-9a-f]{64}")
# Asked for where there is no key, so that a miss costs as much as a hit.
_ANY_TENANT: Final = "main"
# Some 200 bytes each; what is beyond is read each time.
_MOST_EXPIRED: Final = 50_000


class Roster:
    """What people and sessions are decided through; each method raises Undecided as the plane's commands do."""

    def __init__(self, plane: ControlPlane) -> None:
        self._plane = plane
        self._expired: set[str] = set()

    async def member(self, short: str) -> Member | None:
        """Return the member whose id is *short*."""
        return await self._thing(member_id(short), Member)

    async def members(self) -> Mapping[str, Member]:
        """Return every member that there ever was, by their short id."""
        found = await self._plane.run_long(lambda plane: plane.members.all())
        return {short_of(member): member for member in found}

    async def session(self, digest: str) -> Session | None:
        """Return the session whose cookie has *digest*."""
        if _DIGEST.fullmatch(digest) is None:  # which an address may name
            return None
        return await self._thing(session_id(digest), Session)

    async def sessions_open_at(self, now: datetime) -> Mapping[str, Session]:
        """Return every session that is open *now*, by its digest.

        One that was ended has a second version, and one that was once seen to have expired stays so: neither is read again.
        """

        def may_be_open(thing_id: str, versions: int) -> bool:
            return versions == 1 and thing_id not in self._expired

        found = await self._plane.run_long(lambda plane: plane.things_of(SESSION_KIND, is_wanted=may_be_open))
        sessions = [seen.thing for seen in found if isinstance(seen.thing, Session)]
        room = _MOST_EXPIRED - len(self._expired)
        self._expired.update([session.id for session in sessions if now >= session.expires_at][: max(room, 0)])
        return {short_of(session): session for session in sessions if session.is_open_at(now)}

    async def key(self, short: str) -> Key | None:
        """Return the key whose id is *short*; one of a tenant that is archived is none."""
        key = await self._thing(key_id(short), Key)
        tenant = await self._thing(tenant_id(_ANY_TENANT if key is None else key.tenant), Tenant)
        return None if tenant is not None and tenant.is_archived else key

    async def invite(
        self, *, digest: str, grants: tuple[Grant, ...], expires_at: datetime, by: str, member: str | None = None
    ) -> Decided[Member]:
        """Let whoever shows what has *digest* join; *member* is one who was invited before, and is invited anew."""
        return await self._plane.run(
            lambda plane: plane.members.invite(digest=digest, grants=grants, expires_at=expires_at, by=by, member=member)
        )

    async def join(self, short: str, *, digest: str) -> Decided[Member]:
        """Take up the invitation that has *digest*; the member decides it themselves."""
        return await self._plane.run(lambda plane: plane.members.join(short, digest=digest))

    async def remove(self, short: str, *, by: str) -> Decided[Member]:
        """Let a member do nothing more."""
        return await self._plane.run(lambda plane: plane.members.remove(short, by=by))

    async def start_session(self, digest: str, *, member: str, expires_at: datetime, by: str) -> Decided[Session]:
        """Let whoever shows what has *digest* be signed in as the member whose id is *member*."""
        return await self._plane.run(lambda plane: plane.sessions.start(digest, member=member, expires_at=expires_at, by=by))

    async def end_session(self, digest: str, *, by: str) -> Decided[Session]:
        """Let the session be worth nothing any more."""
        return await self._plane.run(lambda plane: plane.sessions.end(digest, by=by))

    async def _thing(self, thing_id: str, kind: type[T]) -> T | None:
        seen = await self._plane.run(lambda plane: plane.look(thing_id))
        return seen.thing if isinstance(seen.thing, kind) else None


def short_of(thing: Member | Session | Key) -> str:
    """Return the id of *thing* without its kind."""
    return thing.id.partition(":")[2]


def is_conflict(error: Undecided) -> bool:
    """Say whether somebody else was first."""
    return error.reason is Reason.CONFLICT
