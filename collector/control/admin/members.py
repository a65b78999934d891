"""/v1/admin/members: who may sign in and what they may do; an owner gives and takes what is theirs, and sees no more of it."""

from datetime import datetime
from typing import Final

from litestar import Response, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody
from msgspec import Struct

from collector.control.admin.desk import PlainRequest
from collector.control.admin.door import changed, done, showing_once
from collector.control.admin.fields import choice
from collector.control.admin.motion import Motion, wrong_role
from collector.control.admin.pages import Page, PageAsked, cut
from collector.control.admin.shown import Shown
from collector.control.decided import MOVED, Decided, conflict, invalid, not_found
from collector.control.plane import ControlPlane
from collector.control.views import MemberView, member_view
from contracts.control.people import Grant, Member, MemberState, Role
from contracts.sessions import join_link

_WORDS: Final = "Whoever opens it becomes a member, once, within a week. It is shown this once: send it to them yourself."


class WantedGrants(Struct, frozen=True, kw_only=True):
    """What a member may do: ``grants``, or one role for the tenant or a site; the tenant ``*`` is the whole installation."""

    role: str = ""
    site: str | None = None
    tenant: str = ""
    grants: list[Grant] | None = None


class Invited(Struct, frozen=True, kw_only=True):
    """Somebody who may become a member by the one-time ``link``, which is shown once."""

    seq: int
    member: str
    link: str
    expires_at: datetime

    def __repr__(self) -> str:
        return f"Invited(member={self.member!r})"

    __str__ = __repr__

    def __rich_repr__(self) -> list[tuple[str, object]]:
        return [("member", self.member)]


class MemberChanged(Struct, frozen=True, kw_only=True):
    """The member as they are from the control sequence ``seq`` on."""

    seq: int
    member: MemberView


class Removed(Struct, frozen=True, kw_only=True):
    """The member may do nothing of one's own any more, from the control sequence ``seq`` on."""

    seq: int


@get("/v1/admin/members", summary="Members")
async def list_members(motion: NamedDependency[Motion], page: NamedDependency[PageAsked]) -> Page[MemberView]:
    """Return who may do something of one's own, and what; names come from the vault, and are empty while it is closed."""
    motion.require_owner()
    members = await motion.desk.roster.members()
    seen = [member for short, member in sorted(members.items()) if short > page.after and _is_seen(motion, member)]
    name_of = motion.desk.people.name_or_nothing
    found = [member_view(one, motion.who.owned(one.grants), await name_of(one)) for one in seen[: page.most]]
    return cut(found, page, key=lambda view: view.id)


@post("/v1/admin/members/invite", summary="Invite somebody", status_code=201)
async def invite_member(
    request: PlainRequest, data: JSONBody[WantedGrants], motion: NamedDependency[Motion]
) -> Response[Invited]:
    """Return a one-time link that makes somebody a member."""
    motion.require_owner()
    grants = _wanted(motion, data)
    await motion.settle_tenant()
    made = await motion.desk.people.invite(grants, by=motion.by)
    motion.desk.deciding.expect(made.seq)
    link = join_link(motion.desk.public_url, made.secret)
    answer = Invited(seq=made.seq, member=made.member, link=link, expires_at=made.expires_at)
    return showing_once(request, answer, Shown(title="An invitation", name="Link", text=link, words=_WORDS), seq=made.seq)


@post("/v1/admin/members/{member:str}/grants", summary="What a member may do", status_code=200)
async def decide_grants(
    request: PlainRequest, member: FromPath[str], data: JSONBody[WantedGrants], motion: NamedDependency[Motion]
) -> Response[MemberChanged]:
    """Let a member do this of what is one's own, and nothing else of it."""
    motion.require_owner()
    wanted = _wanted(motion, data)

    def decide(plane: ControlPlane) -> Decided[Member]:
        found = _known(plane, motion, member)
        return plane.members.decide_grants(
            member, (*_not_ours(motion, found), *wanted), by=motion.by, expected_version=found.version
        )

    decided = await motion.decide(decide)
    view = member_view(decided.thing, motion.who.owned(decided.thing.grants))
    answer = MemberChanged(seq=decided.seq, member=view)
    return changed(request, answer, seq=decided.seq, version=decided.thing.version)


@post("/v1/admin/members/{member:str}/remove", summary="Remove a member", status_code=200)
async def remove_member(request: PlainRequest, member: FromPath[str], motion: NamedDependency[Motion]) -> Response[Removed]:
    """Take from a member all that is one's own; who has nothing left is removed, and what is known about them erased."""
    motion.require_owner()
    found = await motion.desk.deciding.ask(lambda plane: _known(plane, motion, member, removed=True))
    if kept := _not_ours(motion, found):
        decided = await motion.decide(
            lambda plane: plane.members.decide_grants(member, kept, by=motion.by, expected_version=found.version)
        )
        return done(request, Removed(seq=decided.seq), seq=decided.seq)
    seq = await motion.desk.people.remove(member, by=motion.by)
    return done(request, Removed(seq=seq), seq=seq)


def _wanted(motion: Motion, data: WantedGrants) -> tuple[Grant, ...]:
    """Return the grants that are asked for, none of which is more than who asks has."""
    if data.grants is not None:
        wanted = tuple(data.grants)
    elif data.role:
        tenant = None if motion.is_everywhere else motion.tenant
        wanted = (Grant(role=choice("role", data.role, Role), tenant=tenant, site=data.site or None),)
    else:
        raise invalid("role", f"Send one of {', '.join(Role)}.")
    if motion.who.owned(wanted) != wanted:
        raise wrong_role("Nobody gives what is not theirs. Leave out what is another tenant's, or the installation's.")
    return wanted


def _known(plane: ControlPlane, motion: Motion, short: str, *, removed: bool = False) -> Member:
    found = plane.members.find(short)
    if not motion.who.owned(found.grants) or (found.state is MemberState.REMOVED and not removed):
        raise not_found("member")
    if motion.expected_version is not None and motion.expected_version != found.version:
        raise conflict(MOVED)
    return found


def _not_ours(motion: Motion, member: Member) -> tuple[Grant, ...]:
    ours = motion.who.owned(member.grants)
    return tuple(grant for grant in member.grants if grant not in ours)


def _is_seen(motion: Motion, member: Member) -> bool:
    return member.state is not MemberState.REMOVED and bool(motion.who.owned(member.grants))


MEMBERS = (list_members, invite_member, decide_grants, remove_member)
