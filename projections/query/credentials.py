"""Credentials: whose a key or a session is, by the tables of the control plane; one look-up each, kept for a second."""

from datetime import datetime

from msgspec import Struct
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncEngine

from contracts.control import Thing
from contracts.control.keys import Key, key_id
from contracts.control.people import Member, MemberState, Session, session_id
from contracts.control.tenants import Tenant, tenant_id
from projections.control.tables import READING, member_of, things_by_id
from projections.query.database import at_the_door
from projections.query.problems import Refused
from projections.query.remembered import Remembered

_ANYBODY = "members"


class SignedIn(Struct, frozen=True, kw_only=True):
    """A session, and the member whom it is of."""

    session: Session
    member: Member

    def is_open_at(self, now: datetime) -> bool:
        """Say whether whoever shows its cookie *now* is let in."""
        return self.session.is_open_at(now) and self.member.state is MemberState.JOINED


class Credentials:
    """What the control plane says of those who show something."""

    def __init__(self, engine: AsyncEngine) -> None:
        self.engine = self._engine = engine
        self._keys: Remembered[Thing | None] = Remembered()
        self._sessions: Remembered[SignedIn | None] = Remembered()
        self._tenants: Remembered[Thing | None] = Remembered()
        self._members: Remembered[bool] = Remembered()

    async def key(self, short: str) -> Key | None:
        """Return the key that its own text names *short*, whatever has become of it."""
        found = await self._keys.find(key_id(short), self._thing)
        return found if isinstance(found, Key) else None

    async def working_key(self, short: str, now: datetime) -> Key | None:
        """Return the key that its own text names *short*, None where it does not work *now*."""
        key = await self.key(short)
        return None if key is None or not key.works_at(now) or await self.is_archived(key.tenant) else key

    async def signed_in(self, digest: str) -> SignedIn | None:
        """Return the session whose cookie has the SHA-256 *digest*, with its member."""
        return await self._sessions.find(session_id(digest), self._session)

    async def is_archived(self, tenant: str) -> bool:
        """Say whether none of the keys and members of *tenant* may do anything; one that nobody has added is not archived."""
        found = await self._tenants.find(tenant_id(tenant), self._thing)
        return isinstance(found, Tenant) and found.is_archived

    async def has_members(self) -> bool:
        """Say whether anybody may sign in with a name; while nobody can know, nobody may."""
        return await self._members.find(_ANYBODY, self._count_members)

    async def _thing(self, id_: str) -> Thing | None:
        async with at_the_door(self._engine) as connection:
            return (await things_by_id(connection, [id_])).get(id_)

    async def _session(self, id_: str) -> SignedIn | None:
        async with at_the_door(self._engine) as connection:
            session = (await things_by_id(connection, [id_])).get(id_)
            if not isinstance(session, Session):
                return None
            member = (await things_by_id(connection, [member_of(session)])).get(member_of(session))
        return SignedIn(session=session, member=member) if isinstance(member, Member) else None

    async def _count_members(self, _: str) -> bool:
        try:
            async with at_the_door(self._engine) as connection:
                return bool(await connection.scalar(select(READING.c.members)))
        except Refused:
            return False
