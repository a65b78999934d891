"""Roster: who is a member and which browsers are signed in, as decided in the control stream; read through its leader.

A session is asked for with every click, and must end everywhere at once: so nothing of it is remembered here.
"""

import base64
import logging
import secrets
from collections.abc import AsyncIterator, Callable, Mapping
from datetime import datetime
from typing import Any, Final, Protocol

from msgspec import Struct

from collector.stream.connection import REQUEST_SECONDS, UNREACHABLE, Connection, ask
from contracts.codec import NewerVersion, Undecodable, UnknownType
from contracts.control import CONTROL_CODEC, fold
from contracts.control.envelope import ControlEvent
from contracts.control.keys import Key, key_id
from contracts.control.people import (
    KIND,
    SESSION_KIND,
    Grant,
    Member,
    MemberGrantsDecided,
    MemberInvited,
    MemberJoined,
    MemberRemoved,
    Session,
    SessionEnded,
    SessionStarted,
    member_id,
    session_id,
)
from contracts.control.stream import CONTROL_STREAM, SUBJECT_ROOT, control_settings, subject_of
from contracts.jetstream import (
    MESSAGE_NOT_FOUND,
    STREAM_NAME_IN_USE,
    STREAM_NOT_FOUND,
    WRONG_LAST_SEQUENCE,
    JetStreamError,
    read_answer,
)

log = logging.getLogger(__name__)

_NOTHING: Final = frozenset({MESSAGE_NOT_FOUND, STREAM_NOT_FOUND})


def random_id() -> str:
    """Return an id that nobody has: 128 bits, in hexadecimal."""
    return secrets.token_hex(16)


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

    async def grant(self, member: Member, grants: tuple[Grant, ...], *, by: str) -> int:
        """Decide what *member* may do."""

    async def remove(self, member: Member, *, by: str) -> int:
        """Decide that *member* may do nothing more."""

    async def start_session(self, digest: str, *, member: str, expires_at: datetime, by: str) -> int:
        """Decide that whoever shows what has *digest* is signed in as the member whose id is *member*."""

    async def end_session(self, session: Session, *, by: str) -> int:
        """Decide that *session* is worth nothing any more."""


class StreamRoster:
    """The roster, on the control stream itself."""

    def __init__(
        self,
        client: Connection,
        *,
        clock: Callable[[], datetime],
        new_id: Callable[[], str] = random_id,
        replicas: int = 1,
    ) -> None:
        self._client = client
        self._clock = clock
        self._new_id = new_id
        self._replicas = replicas

    async def member(self, short: str) -> Member | None:
        """Return the member whose id is *short*."""
        found = await self._thing(member_id(short))
        return found if isinstance(found, Member) else None

    async def members(self) -> Mapping[str, Member]:
        """Return every member that there ever was, by their short id."""
        found = await self._things(KIND)
        return {_short(name): thing for name, thing in found.items() if isinstance(thing, Member)}

    async def session(self, digest: str) -> Session | None:
        """Return the session whose cookie has *digest*."""
        found = await self._thing(session_id(digest))
        return found if isinstance(found, Session) else None

    async def sessions(self) -> Mapping[str, Session]:
        """Return every session that there ever was, by its digest."""
        found = await self._things(SESSION_KIND)
        return {_short(name): thing for name, thing in found.items() if isinstance(thing, Session)}

    async def key(self, short: str) -> Key | None:
        """Return the key whose id is *short*."""
        found = await self._thing(key_id(short))
        return found if isinstance(found, Key) else None

    async def invite(self, *, digest: str, grants: tuple[Grant, ...], expires_at: datetime, by: str) -> Invited:
        """Decide that whoever shows what has *digest* may join."""
        short = self._new_id()
        envelope = self._next(member_id(short), None, by)
        seq = await self._publish(MemberInvited(**envelope, digest=digest, grants=grants, expires_at=expires_at))
        return Invited(member=short, seq=seq)

    async def join(self, member: Member) -> int:
        """Decide that the invitation of *member* was taken up, by themselves."""
        return await self._publish(MemberJoined(**self._next(member.id, member, member.id)))

    async def grant(self, member: Member, grants: tuple[Grant, ...], *, by: str) -> int:
        """Decide what *member* may do."""
        return await self._publish(MemberGrantsDecided(**self._next(member.id, member, by), grants=grants))

    async def remove(self, member: Member, *, by: str) -> int:
        """Decide that *member* may do nothing more."""
        return await self._publish(MemberRemoved(**self._next(member.id, member, by)))

    async def start_session(self, digest: str, *, member: str, expires_at: datetime, by: str) -> int:
        """Decide that whoever shows what has *digest* is signed in as the member whose id is *member*."""
        envelope = self._next(session_id(digest), None, by)
        return await self._publish(SessionStarted(**envelope, member=member, expires_at=expires_at))

    async def end_session(self, session: Session, *, by: str) -> int:
        """Decide that *session* is worth nothing any more."""
        return await self._publish(SessionEnded(**self._next(session.id, session, by)))

    def _next(self, thing_id: str, thing: Member | Session | None, by: str) -> dict[str, Any]:
        version = 1 if thing is None else thing.version + 1
        return {"originator_id": thing_id, "originator_version": version, "at": self._clock(), "by": by}

    async def _thing(self, thing_id: str) -> object:
        thing = None
        async for event in self._events(subject_of(thing_id, "*")):
            thing = fold(thing, event)
        return thing

    async def _things(self, kind: str) -> dict[str, object]:
        found: dict[str, Any] = {}
        async for event in self._events(f"{SUBJECT_ROOT}.{kind}.>"):
            found[event.originator_id] = fold(found.get(event.originator_id), event)
        return found

    async def _events(self, subject: str) -> AsyncIterator[ControlEvent]:
        seq = 0
        while True:
            self._require_connection()
            try:
                question = {"seq": seq + 1, "next_by_subj": subject}
                message = (await ask(self._client, f"STREAM.MSG.GET.{CONTROL_STREAM.name}", question)).message
            except JetStreamError as error:
                if error.err_code in _NOTHING:
                    return
                raise RosterUnavailable from error
            except UNREACHABLE as error:
                raise RosterUnavailable from error
            seq = message.seq
            if (event := _read(message.data, seq)) is not None:
                yield event

    async def _publish(self, event: ControlEvent) -> int:
        self._require_connection()
        try:
            return await self._stored(event)
        except JetStreamError as error:
            if error.err_code in WRONG_LAST_SEQUENCE:
                raise Outdated from None
            raise RosterUnavailable from error
        except UNREACHABLE as error:
            raise RosterUnavailable from error

    def _require_connection(self) -> None:
        # What is written while it is lost would be kept, and sent when nobody waits for it any more.
        if not self._client.is_connected:
            raise RosterUnavailable

    async def _stored(self, event: ControlEvent) -> int:
        try:
            await ask(self._client, f"STREAM.CREATE.{CONTROL_STREAM.name}", control_settings(replicas=self._replicas))
        except JetStreamError as error:
            if error.err_code != STREAM_NAME_IN_USE:
                raise
        subject = subject_of(event.originator_id, event.originator_version)
        once = {"Nats-Expected-Last-Subject-Sequence": "0"}
        body = CONTROL_CODEC.encode(event)
        return read_answer((await self._client.request(subject, body, timeout=REQUEST_SECONDS, headers=once)).data).seq


def _read(data: str, seq: int) -> ControlEvent | None:
    try:
        event = CONTROL_CODEC.decode(base64.b64decode(data))
    except (Undecodable, UnknownType, NewerVersion) as error:
        log.warning("the control event %s cannot be read: %s; it is left out here", seq, error)
        return None
    return event if isinstance(event, ControlEvent) else None


def _short(thing_id: str) -> str:
    return thing_id.partition(":")[2]
