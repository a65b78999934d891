"""Decisions about people: invited, joined, allowed something else and removed; one owner is always left."""

import hmac
from collections.abc import Callable, Iterable
from datetime import datetime

from collector.control.checked import known_member, known_site, known_tenant, listed, moment
from collector.control.decided import Decided, conflict, invalid
from collector.control.journal import Journal, Seen
from contracts.control.envelope import ControlEvent
from contracts.control.people import (
    KIND,
    Grant,
    Member,
    MemberGrantsDecided,
    MemberInvited,
    MemberJoined,
    MemberRemoved,
    MemberState,
    Role,
    member_id,
)
from contracts.control.sites import site_id
from contracts.control.tenants import tenant_id

OWNER = Grant(role=Role.OWNER)


class Members:
    """The commands about members, who are ids here: names, addresses and passwords are elsewhere."""

    def __init__(self, journal: Journal, *, new_id: Callable[[], str]) -> None:
        self._journal = journal
        self._new_id = new_id

    def invite(
        self, *, digest: str, grants: Iterable[Grant], expires_at: datetime, by: str, member: str | None = None
    ) -> Decided[Member]:
        """Let whoever shows what *digest* is the SHA-256 of become a member; *member* is one whose invitation is renewed."""
        stamp = self._journal.stamp(by)
        wanted = self._grants(grants)
        seen = self._invited(member)
        until = moment("expires_at", expires_at, after=stamp.at)
        return self._journal.record(seen, MemberInvited(**seen.head(stamp), digest=digest, grants=wanted, expires_at=until))

    def find(self, member: str) -> Member:
        """Return a member, whatever their state."""
        return self._known(member)[1]

    def all(self) -> list[Member]:
        """Return everybody who was ever invited."""
        return [seen.thing for seen in self._journal.things_of(KIND) if seen.thing is not None]

    def join(self, member: str, *, digest: str) -> Decided[Member]:
        """Take up the invitation of which *digest* is the SHA-256, once and while it lasts; the member decides it."""
        seen, found = self._known(member)
        stamp = self._journal.stamp(found.id)
        is_theirs = hmac.compare_digest(found.digest.encode(), digest.encode())
        if not is_theirs or found.state is not MemberState.INVITED or found.invited_until <= stamp.at:
            raise conflict("The invitation is not valid any more. Ask for another.")
        return self._journal.record(seen, MemberJoined(**seen.head(stamp)))

    def decide_grants(
        self, member: str, grants: Iterable[Grant], *, by: str, expected_version: int | None = None
    ) -> Decided[Member]:
        """Let the member do what *grants* say, and nothing else."""
        wanted = self._grants(grants)

        def decide() -> tuple[Seen[Member], tuple[ControlEvent, ...]]:
            seen, found = self._present(member, expected_version)
            if found.grants == wanted:
                return seen, ()
            if OWNER not in wanted:
                self._refuse_last_owner(found)
                self._refuse_last_of_tenant(found, wanted, by)
            return seen, (MemberGrantsDecided(**seen.head(self._journal.stamp(by)), grants=wanted),)

        return self._journal.decide_alone(decide)

    def remove(self, member: str, *, by: str, expected_version: int | None = None) -> Decided[Member]:
        """Let the member do nothing more."""

        def decide() -> tuple[Seen[Member], tuple[ControlEvent, ...]]:
            seen, found = self._known(member, expected_version)
            if found.state is MemberState.REMOVED:
                return seen, ()
            self._refuse_last_owner(found)
            self._refuse_last_of_tenant(found, (), by)
            return seen, (MemberRemoved(**seen.head(self._journal.stamp(by))),)

        return self._journal.decide_alone(decide)

    def _known(self, member: str, expected_version: int | None = None) -> tuple[Seen[Member], Member]:
        return self._journal.known(member_id(known_member(member)), expected_version)

    def _present(self, member: str, expected_version: int | None) -> tuple[Seen[Member], Member]:
        seen, found = self._known(member, expected_version)
        if found.state is MemberState.REMOVED:
            raise conflict("The member was removed. Invite them again.")
        return seen, found

    def _invited(self, member: str | None) -> Seen[Member]:
        if member is None:
            return self._journal.look(member_id(self._new_id()))
        seen, found = self._known(member)
        if found.state is not MemberState.INVITED:
            raise conflict("The member has joined already, or was removed. Invite somebody new.")
        return seen

    def _refuse_last_owner(self, member: Member) -> None:
        if not is_owner(member):
            return
        if not any(other.id != member.id and is_owner(other) for other in self.all()):
            raise conflict("The last owner stays: make somebody else an owner of the installation first.")

    def _refuse_last_of_tenant(self, member: Member, left: tuple[Grant, ...], by: str) -> None:
        """Raise Undecided where *member* themselves give up a tenant that nobody else owns; others may take it away."""
        if by != member.id or member.state is not MemberState.JOINED:
            return
        given_up = _owned(member.grants) - _owned(left)
        if not given_up:
            return
        others = (other for other in self.all() if other.id != member.id and other.state is MemberState.JOINED)
        if given_up - {tenant for other in others for tenant in _owned(other.grants)}:
            raise conflict("The last owner of a tenant stays: make somebody else its owner first.")

    def _grants(self, grants: Iterable[Grant]) -> tuple[Grant, ...]:
        """Return *grants*, each once, for tenants and sites that there are."""
        wanted = listed("grants", grants)
        if not wanted:
            raise invalid("grants", "Send at least one role.")
        for grant in wanted:
            if grant.tenant is not None:
                self._refuse_unknown(grant.tenant, grant.site)
            elif grant.site is not None:
                raise invalid("grants", "A role for a site names the site's tenant, too.")
        return wanted

    def _refuse_unknown(self, tenant: str, site: str | None) -> None:
        self._journal.known(tenant_id(known_tenant(tenant)))
        if site is not None:
            self._journal.known(site_id(tenant, known_site(site)))


def _owned(grants: tuple[Grant, ...]) -> set[str]:
    return {grant.tenant for grant in grants if grant.role is Role.OWNER and grant.tenant is not None and grant.site is None}


def is_owner(member: Member) -> bool:
    """Say whether *member* may do everything in the whole installation, now."""
    return member.state is MemberState.JOINED and OWNER in member.grants
