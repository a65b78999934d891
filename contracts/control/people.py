"""People: who may sign in and what they may do, by ids alone; names, addresses and passwords lie in the vault."""

from datetime import datetime
from enum import StrEnum

from msgspec import Struct, structs

from contracts.control.envelope import ControlEvent, Digest, SiteName, TenantName
from contracts.events.envelope import Moment

KIND = "member"
SESSION_KIND = "session"


class Role(StrEnum):
    """What a member may do: everything, everything but people and keys, or look."""

    OWNER = "owner"
    EDITOR = "editor"
    VIEWER = "viewer"


class Grant(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A role for one site of a tenant, for all of them where ``site`` is None, or for the installation where both are."""

    role: Role
    tenant: TenantName | None = None
    site: SiteName | None = None


class MemberInvited(ControlEvent, frozen=True, tag="member_invited.v1"):
    """Whoever shows the invitation, whose SHA-256 is ``digest``, before ``expires_at`` becomes a member with ``grants``."""

    digest: Digest
    grants: tuple[Grant, ...]
    expires_at: Moment


class MemberJoined(ControlEvent, frozen=True, tag="member_joined.v1"):
    """The invitation was taken up; name and password lie in the vault."""


class MemberGrantsDecided(ControlEvent, frozen=True, tag="member_grants_decided.v1"):
    """The member may do this from now on, and nothing else."""

    grants: tuple[Grant, ...]


class MemberRemoved(ControlEvent, frozen=True, tag="member_removed.v1"):
    """The member may do nothing more, and every session ends."""


class SessionStarted(ControlEvent, frozen=True, tag="session_started.v1"):
    """A browser is signed in for ``member`` until ``expires_at``; its id holds the SHA-256 of what the cookie says."""

    member: str
    expires_at: Moment


class SessionEnded(ControlEvent, frozen=True, tag="session_ended.v1"):
    """The browser is signed out."""


EVENTS = (MemberInvited, MemberJoined, MemberGrantsDecided, MemberRemoved)
SESSION_EVENTS = (SessionStarted, SessionEnded)


class MemberState(StrEnum):
    """Whether a member may sign in."""

    INVITED = "invited"
    JOINED = "joined"
    REMOVED = "removed"


class Member(Struct, frozen=True, kw_only=True):
    """A member as their events leave them."""

    id: str
    version: int
    state: MemberState
    grants: tuple[Grant, ...]
    digest: Digest
    invited_until: datetime
    since: datetime


class Session(Struct, frozen=True, kw_only=True):
    """A session as its events leave it."""

    id: str
    version: int
    member: str
    started_at: datetime
    expires_at: datetime
    is_ended: bool = False

    def is_open_at(self, now: datetime) -> bool:
        """Say whether its cookie is worth something *now*."""
        return not self.is_ended and now < self.expires_at


def member_id(short: str) -> str:
    """Return the id of a member."""
    return f"{KIND}:{short}"


def session_id(digest: str) -> str:
    """Return the id of the session whose cookie has the SHA-256 *digest*."""
    return f"{SESSION_KIND}:{digest}"


def fold(member: Member | None, event: ControlEvent) -> Member | None:
    """Return what *member* is after *event*; None while there is none."""
    version = event.originator_version
    if isinstance(event, MemberInvited):
        return Member(
            id=event.originator_id,
            version=version,
            state=MemberState.INVITED,
            grants=event.grants,
            digest=event.digest,
            invited_until=event.expires_at,
            since=event.at,
        )
    if member is None:
        return None
    match event:
        case MemberJoined():
            return structs.replace(member, version=version, state=MemberState.JOINED, since=event.at)
        case MemberGrantsDecided():
            return structs.replace(member, version=version, grants=event.grants)
        case MemberRemoved():
            return structs.replace(member, version=version, state=MemberState.REMOVED)
    return structs.replace(member, version=version)


def fold_session(session: Session | None, event: ControlEvent) -> Session | None:
    """Return what *session* is after *event*; None while there is none."""
    match event:
        case SessionStarted():
            return Session(
                id=event.originator_id,
                version=event.originator_version,
                member=event.member,
                started_at=event.at,
                expires_at=event.expires_at,
            )
        case SessionEnded() if session is not None:
            return structs.replace(session, version=event.originator_version, is_ended=True)
    return None if session is None else structs.replace(session, version=event.originator_version)
