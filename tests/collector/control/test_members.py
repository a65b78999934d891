"""People are invited and join once, are allowed what their grants say, and one owner of the installation is always left."""

from collections.abc import Callable
from threading import Barrier, Thread

import pytest

from collector.control.decided import Reason, Undecided
from collector.control.members import OWNER, is_owner
from collector.control.plane import ControlPlane
from contracts.control.people import Grant, MemberState, Role
from tests.collector.control.worlds import DAY, START, Clock, digest_of, refused

VIEWER = Grant(role=Role.VIEWER, tenant="acme", site="shop.example")


def joined(plane: ControlPlane, *grants: Grant) -> str:
    member = plane.members.invite(digest=digest_of("i"), grants=grants, expires_at=START + DAY, by="here").thing
    short = member.id.removeprefix("member:")
    assert plane.members.join(short, digest=digest_of("i")).thing.state is MemberState.JOINED
    return short


def test_an_invitation_is_taken_up_once(acme: ControlPlane):
    short = joined(acme, VIEWER)
    with refused(Reason.CONFLICT):
        acme.members.join(short, digest=digest_of("i"))
    assert acme.members.find(short).grants == (VIEWER,)


def test_an_invitation_is_worth_nothing_late_or_to_whoever_does_not_hold_it(acme: ControlPlane, clock: Clock):
    invited = acme.members.invite(digest=digest_of("i"), grants=[VIEWER], expires_at=START + DAY, by="here").thing
    short = invited.id.removeprefix("member:")
    with refused(Reason.CONFLICT):
        acme.members.join(short, digest=digest_of("another"))
    clock.now = START + DAY
    with refused(Reason.CONFLICT):
        acme.members.join(short, digest=digest_of("i"))
    acme.members.invite(digest=digest_of("j"), grants=[VIEWER], expires_at=clock.now + DAY, by="here", member=short)
    assert acme.members.join(short, digest=digest_of("j")).thing.id == invited.id


def test_the_last_owner_cannot_be_removed(acme: ControlPlane):
    first = joined(acme, OWNER)
    invited = acme.members.invite(digest=digest_of("i"), grants=[OWNER], expires_at=START + DAY, by="here").thing
    for decide in (acme.members.remove, lambda member, by: acme.members.decide_grants(member, [VIEWER], by=by)):
        with refused(Reason.CONFLICT):
            decide(first, by="here")
    second = invited.id.removeprefix("member:")
    acme.members.join(second, digest=digest_of("i"))
    assert acme.members.remove(first, by="here").thing.state is MemberState.REMOVED
    assert acme.members.remove(first, by="here").thing.state is MemberState.REMOVED
    with refused(Reason.CONFLICT):
        acme.members.decide_grants(first, [VIEWER], by="here")


def test_the_last_owner_of_a_tenant_does_not_give_it_up_themselves(acme: ControlPlane):
    theirs = Grant(role=Role.OWNER, tenant="acme")
    first = joined(acme, theirs)
    by = f"member:{first}"
    for give_up in (acme.members.remove, lambda member, by: acme.members.decide_grants(member, [VIEWER], by=by)):
        with refused(Reason.CONFLICT):
            give_up(first, by=by)
    assert acme.members.decide_grants(first, [theirs, VIEWER], by=by).thing.grants == (theirs, VIEWER)
    second = joined(acme, theirs)
    assert acme.members.decide_grants(first, [VIEWER], by=by).thing.grants == (VIEWER,)
    assert acme.members.remove(second, by="here").thing.state is MemberState.REMOVED, "whoever owns all decides it"


def test_two_owners_who_remove_each_other_leave_one(acme: ControlPlane, new_plane: Callable[[], ControlPlane]):
    acme.members.remove(joined(acme, VIEWER), by="here")
    owners, planes, start = [joined(acme, OWNER), joined(acme, OWNER)], [new_plane(), new_plane()], Barrier(2)
    outcomes: list[Reason | None] = []

    def remove(plane: ControlPlane, other: str) -> None:
        plane.members.find(other)
        start.wait()
        try:
            plane.members.remove(other, by="here")
            outcomes.append(None)
        except Undecided as undecided:
            outcomes.append(undecided.reason)

    threads = [Thread(target=remove, args=pair) for pair in zip(planes, owners[::-1], strict=True)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(outcomes, key=str) == [None, Reason.CONFLICT]
    assert sum(is_owner(member) for member in acme.members.all()) == 1


@pytest.mark.parametrize(
    ("grants", "reason", "field"),
    [
        ([], Reason.INVALID, "grants"),
        ([Grant(role=Role.OWNER, site="shop.example")], Reason.INVALID, "grants"),
        ([Grant(role="king", tenant="acme")], Reason.INVALID, "grants"),
        ([Grant(role=Role.VIEWER, tenant="nobody")], Reason.NOT_FOUND, ""),
        ([Grant(role=Role.VIEWER, tenant="acme", site="none.example")], Reason.NOT_FOUND, ""),
    ],
)
def test_a_grant_is_for_what_there_is(acme: ControlPlane, grants: list[Grant], reason: Reason, field: str):
    with refused(reason, field):
        acme.members.invite(digest=digest_of("i"), grants=grants, expires_at=START + DAY, by="here")


def test_a_session_is_started_for_a_member_and_ended(acme: ControlPlane):
    member, cookie = joined(acme, VIEWER), digest_of("cookie")
    started = acme.sessions.start(cookie, member=member, expires_at=START + DAY, by=f"member:{member}").thing
    assert started.is_open_at(START)
    assert not started.is_open_at(START + DAY)
    ended = acme.sessions.end(cookie, by=f"member:{member}")
    assert acme.sessions.end(cookie, by="here") == ended
    assert not acme.sessions.find(cookie).is_open_at(START)
    with refused(Reason.CONFLICT):
        acme.sessions.start(cookie, member=member, expires_at=START + DAY, by="here")


def test_whoever_has_not_joined_or_was_removed_gets_no_session(acme: ControlPlane):
    invited = acme.members.invite(digest=digest_of("i"), grants=[VIEWER], expires_at=START + DAY, by="here").thing
    short = invited.id.removeprefix("member:")
    for member in (short, "nobody", "*"):
        with refused(Reason.NOT_FOUND):
            acme.sessions.start(digest_of("c"), member=member, expires_at=START + DAY, by="here")
    acme.members.remove(short, by="here")
    with refused(Reason.NOT_FOUND):
        acme.sessions.start(digest_of("c"), member=short, expires_at=START + DAY, by="here")
