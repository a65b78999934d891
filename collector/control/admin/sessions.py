"""/v1/admin/sessions and /v1/admin/password: signing in and out, one's own sessions, and another password."""

from datetime import datetime
from typing import Any

from litestar import Response, delete, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody
from msgspec import Struct

from collector.control.admin.desk import Desk, PlainRequest
from collector.control.admin.door import done, no_cookie, session_cookie
from collector.control.master_key import VaultClosed
from collector.control.signing_in import Visitor
from contracts.sessions import COOKIE, csrf_token


class NameAndPassword(Struct, frozen=True, kw_only=True):
    """What somebody signs in with."""

    name: str
    password: str

    def __repr__(self) -> str:
        return "NameAndPassword()"

    __str__ = __repr__

    def __rich_repr__(self) -> list[tuple[str, object]]:
        return []


class NewPassword(Struct, frozen=True, kw_only=True):
    """The password that there is, and the one that takes its place."""

    old: str
    new: str

    def __repr__(self) -> str:
        return "NewPassword()"

    __str__ = __repr__

    def __rich_repr__(self) -> list[tuple[str, object]]:
        return []


class Which(Struct, frozen=True, kw_only=True):
    """A session by its id; the one that asks where there is none."""

    id: str = ""


class Begun(Struct, frozen=True, kw_only=True):
    """A session has begun; whoever wants something done sends ``csrf`` as X-CSRF-Token, and ``seq`` is when it is known."""

    member: str
    csrf: str
    expires_at: datetime
    seq: int


class OpenSession(Struct, frozen=True, kw_only=True):
    """One of one's own sessions; nothing is kept of where it is."""

    id: str
    started_at: datetime
    expires_at: datetime
    is_this: bool


class OwnSessions(Struct, frozen=True, kw_only=True):
    """Who is signed in, and everywhere that they are."""

    member: str
    name: str
    csrf: str
    sessions: list[OpenSession]


class Ended(Struct, frozen=True, kw_only=True):
    """What was asked for is so, and known to whoever has read up to the control sequence ``seq``; 0 where none tells."""

    seq: int


@post("/v1/admin/sessions", summary="Sign in", status_code=201)
async def sign_in(request: PlainRequest, data: JSONBody[NameAndPassword], desk: NamedDependency[Desk]) -> Response[Any]:
    """Begin a session for whoever knows name and password; the cookie is its key."""
    begun = await desk.sign_ins.sign_in(data.name, data.password, address=desk.where(request))
    answer = Begun(member=begun.member, csrf=csrf_token(begun.secret), expires_at=begun.expires_at, seq=begun.seq)
    return done(request, answer, seq=begun.seq, status=201, cookie=session_cookie(desk, begun.secret))


@get("/v1/admin/sessions", summary="One's own sessions")
async def list_sessions(request: PlainRequest, desk: NamedDependency[Desk], visitor: NamedDependency[Visitor]) -> OwnSessions:
    """Return every browser that one is signed in with."""
    found = await desk.sign_ins.open_sessions(visitor.short)
    sessions = [
        OpenSession(id=digest, started_at=each.started_at, expires_at=each.expires_at, is_this=each.id == visitor.session.id)
        for digest, each in found.items()
    ]
    return OwnSessions(
        member=visitor.short, name=await _name_of(desk, visitor), csrf=csrf_token(request.cookies[COOKIE]), sessions=sessions
    )


@post("/v1/admin/sessions/end", summary="Sign out", status_code=200)
async def end_session(
    request: PlainRequest, data: JSONBody[Which], desk: NamedDependency[Desk], visitor: NamedDependency[Visitor]
) -> Response[Any]:
    """End a session of one's own."""
    return await _end(request, data.id, desk, visitor)


@delete("/v1/admin/sessions", summary="Sign out", status_code=200)
async def sign_out(request: PlainRequest, desk: NamedDependency[Desk], visitor: NamedDependency[Visitor]) -> Response[Any]:
    """End the session that asks."""
    return await _end(request, "", desk, visitor)


@delete("/v1/admin/sessions/{session:str}", summary="Sign out elsewhere", status_code=200)
async def sign_out_elsewhere(
    request: PlainRequest, session: FromPath[str], desk: NamedDependency[Desk], visitor: NamedDependency[Visitor]
) -> Response[Any]:
    """End a session of one's own by its id."""
    return await _end(request, session, desk, visitor)


@post("/v1/admin/password", summary="Another password", status_code=200)
async def change_password(
    request: PlainRequest, data: JSONBody[NewPassword], desk: NamedDependency[Desk], visitor: NamedDependency[Visitor]
) -> Response[Any]:
    """Take another password, and end every other session: whoever had the old one may be signed in there."""
    desk.sign_ins.require_patience(address=desk.where(request), name=visitor.short)
    await desk.people.change_password(visitor.short, old=data.old, new=data.new)
    desk.throttle.forgive(address=desk.where(request), name=visitor.short)
    await desk.sign_ins.end_others(visitor)
    return done(request, Ended(seq=0), seq=0)


async def _name_of(desk: Desk, visitor: Visitor) -> str:
    try:
        return await desk.people.name_of(visitor.short) or ""
    except VaultClosed:  # who is signed in stays so
        return ""


async def _end(request: PlainRequest, which: str, desk: Desk, visitor: Visitor) -> Response[Any]:
    here = visitor.session.id.partition(":")[2]
    seq = await desk.sign_ins.end(which or here, of=visitor.short, by=visitor.actor)
    is_here = which in ("", here)
    return done(request, Ended(seq=seq), seq=seq, cookie=no_cookie(desk) if is_here else None)


SESSIONS = (sign_in, list_sessions, end_session, sign_out, sign_out_elsewhere, change_password)
