"""Members: which tenant and which of its sites a member looks at, by what was granted to them."""

from collections.abc import Iterable, Sequence

from contracts.control.keys import Scope
from contracts.control.people import Grant, Member, Role
from projections.query.caller import Caller
from projections.query.credentials import Credentials
from projections.query.problems import forbidden

_BY_RANK = (Role.VIEWER, Role.EDITOR, Role.OWNER)


async def caller_signed_in(member: Member, asked: Sequence[str | None], *, default: str, credentials: Credentials) -> Caller:
    """Return *member* as the caller for the first tenant that is *asked* for and theirs, else for the one that they begin with.

    What a header asks for comes first and must be theirs, which whoever calls compares. Raise Refused where nothing is.
    """
    theirs = {grant.tenant for grant in member.grants}
    wanted = [name for name in asked if name and (name in theirs or None in theirs)]
    for tenant in (*wanted, *_beginnings(theirs, default)):
        if not await credentials.is_archived(tenant):
            return _caller(member, tenant)
    raise forbidden("no_grant", "Nothing is open to you here. Ask whoever runs Collector to grant you a site or a tenant.")


def _beginnings(theirs: Iterable[str | None], default: str) -> list[str]:
    named = sorted(name for name in theirs if name is not None)
    return [default, *named] if None in theirs or default in named else named


def _caller(member: Member, tenant: str) -> Caller:
    grants = [grant for grant in member.grants if grant.tenant in (None, tenant)]
    return Caller(
        tenant=tenant,
        scopes=frozenset({Scope.READ}),
        sites=_sites(grants),
        credential=member.id,
        role=max((grant.role for grant in grants), key=_BY_RANK.index),
        grants=tuple(grants),
        tenants=tuple(sorted({grant.tenant for grant in member.grants if grant.tenant is not None})),
        runs_installation=any(grant.tenant is None for grant in grants),
    )


def _sites(grants: Iterable[Grant]) -> frozenset[str] | None:
    sites = {grant.site for grant in grants}
    return None if None in sites else frozenset(site for site in sites if site is not None)
