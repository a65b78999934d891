"""/v1/admin/invitations: what a one-time link is worth, and taking it up with a name and a password."""

from datetime import datetime
from typing import Any

from litestar import Response, post
from litestar.di import NamedDependency
from litestar.params import JSONBody
from msgspec import Struct

from collector.control.admin.desk import Desk, PlainRequest
from collector.control.admin.door import done, session_cookie
from collector.control.admin.sessions import Begun
from collector.control.denied import DeniedReason
from contracts.control.people import Grant
from contracts.sessions import csrf_token


class Shown(Struct, frozen=True, kw_only=True):
    """The invitation that a one-time link holds."""

    invitation: str

    def __repr__(self) -> str:
        return "Shown()"

    __str__ = __repr__

    def __rich_repr__(self) -> list[tuple[str, object]]:
        return []


class TakenUp(Shown, frozen=True, kw_only=True):
    """The invitation, and what whoever takes it up is called and signs in with."""

    name: str
    password: str
    address: str = ""


class Worth(Struct, frozen=True, kw_only=True):
    """What an invitation lets its holder do, and until when it can be taken up."""

    grants: tuple[Grant, ...]
    expires_at: datetime


@post("/v1/admin/invitations/look", summary="What an invitation is worth", status_code=200)
async def look_at_invitation(request: PlainRequest, data: JSONBody[Shown], desk: NamedDependency[Desk]) -> Worth:
    """Return what the invitation is for; one that is used up, too old or wrong is the same 404."""
    with desk.sign_ins.a_try(address=desk.where(request), wrong=DeniedReason.NO_INVITATION):
        member = await desk.people.look(data.invitation)
    return Worth(grants=member.grants, expires_at=member.invited_until)


@post("/v1/admin/invitations/take", summary="Take an invitation up", status_code=201)
async def take_invitation(request: PlainRequest, data: JSONBody[TakenUp], desk: NamedDependency[Desk]) -> Response[Any]:
    """Become a member, once, and be signed in."""
    with desk.sign_ins.a_try(address=desk.where(request), wrong=DeniedReason.NO_INVITATION):
        joined = await desk.people.join(data.invitation, name=data.name, password=data.password, address=data.address)
    begun = await desk.sign_ins.begin(joined.member)
    answer = Begun(member=begun.member, csrf=csrf_token(begun.secret), expires_at=begun.expires_at, seq=begun.seq)
    return done(request, answer, seq=begun.seq, status=201, cookie=session_cookie(desk, begun.secret))


INVITATIONS = (look_at_invitation, take_invitation)
