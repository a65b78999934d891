"""What was decided, as lists for pages: keys with their last use, members, tenants and sessions."""

from datetime import datetime, timedelta

from msgspec import Struct
from sqlalchemy import Text, func, select
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from contracts.control import Thing, keys, people, sites, tenants
from contracts.control.people import Grant, Member, MemberState, Session
from projections.control.tables import THINGS, thing_in, things_of
from projections.query.caller import Caller
from projections.query.database import at_the_door
from projections.query.powers import Powers
from projections.tallies.use import last_uses

# More than anybody reads on a page.
MOST = 1_000
# In how much of the past the last use of a key is looked for.
USED_WITHIN = timedelta(days=90)


class UsedKey(Struct, frozen=True, kw_only=True):
    """A key, and the hour in which it was last sent with, as far as that was told."""

    key: keys.Key
    short: str
    works: bool
    used_at: datetime | None


class Person(Struct, frozen=True, kw_only=True):
    """A member by their id, and those of their grants that concern whoever looks."""

    short: str
    state: MemberState
    grants: tuple[Grant, ...]
    invited_until: datetime
    since: datetime
    version: int
    is_self: bool


class OpenSession(Struct, frozen=True, kw_only=True):
    """A browser that is signed in."""

    digest: str
    started_at: datetime
    expires_at: datetime
    is_this: bool


async def keys_for(connection: AsyncConnection, caller: Caller, powers: Powers, now: datetime) -> list[UsedKey]:
    """Return the keys of the caller's tenant that they decide about, those that work first, the newest first."""
    used = await last_uses(connection, caller.tenant, since=now - USED_WITHIN)
    found = [key for key in await things_of(connection, keys.KIND, caller.tenant) if isinstance(key, keys.Key)]
    listed = [
        UsedKey(key=key, short=_short(key.id), works=key.works_at(now), used_at=used.get(_short(key.id)))
        for key in found
        if powers.may_own(key.site)
    ]
    return sorted(listed, key=lambda one: (not one.works, -one.key.issued_at.timestamp(), one.short))[:MOST]


async def people_for(engine: AsyncEngine, caller: Caller, powers: Powers) -> list[Person]:
    """Return who may do something that the caller decides about; those who run the installation are for their own eyes."""
    async with at_the_door(engine) as connection:
        members = [member for member in await _of_kind(connection, people.KIND) if isinstance(member, Member)]
    listed = [_person(member, caller, powers) for member in members if member.state is not MemberState.REMOVED]
    return sorted((one for one in listed if one.grants), key=lambda one: (one.state, one.since, one.short))[:MOST]


async def all_tenants(engine: AsyncEngine) -> list[tenants.Tenant]:
    """Return every tenant of the installation, for those who run it."""
    async with at_the_door(engine) as connection:
        return [tenant for tenant in await _of_kind(connection, tenants.KIND) if isinstance(tenant, tenants.Tenant)]


async def sessions_of(engine: AsyncEngine, member: str, this: str, now: datetime) -> list[OpenSession]:
    """Return the browsers that *member* is signed in with, *this* one among them, the newest first."""
    async with at_the_door(engine) as connection:
        found = [one for one in await _of_kind(connection, people.SESSION_KIND, owner=member) if isinstance(one, Session)]
    listed = [
        OpenSession(digest=_short(one.id), started_at=one.started_at, expires_at=one.expires_at, is_this=_short(one.id) == this)
        for one in found
        if one.is_open_at(now)
    ]
    return sorted(listed, key=lambda one: one.started_at, reverse=True)


async def site_decided_at(connection: AsyncConnection, caller: Caller, seq: int) -> str | None:
    """Return the site of the caller's that the decision *seq* was about, or None."""
    columns = THINGS.c
    query = select(columns.id, func.cast(columns.state, Text)).where(
        columns.tenant == caller.tenant, columns.kind.in_((sites.KIND, sites.NAME_KIND)), columns.seq == seq
    )
    for id_, state in await connection.execute(query):
        thing = thing_in(id_, state)
        if isinstance(thing, sites.Site | sites.Name) and caller.may_see(thing.key):
            return thing.key
    return None


async def _of_kind(connection: AsyncConnection, kind: str, *, owner: str | None = None) -> list[Thing]:
    columns = THINGS.c
    query = select(columns.id, func.cast(columns.state, Text)).where(columns.kind == kind).order_by(columns.id)
    if owner is not None:
        query = query.where(columns.owner == owner)
    return [thing_in(id_, state) for id_, state in await connection.execute(query)]


def _person(member: Member, caller: Caller, powers: Powers) -> Person:
    return Person(
        short=_short(member.id),
        state=member.state,
        grants=tuple(grant for grant in member.grants if _concerns(grant, caller, powers)),
        invited_until=member.invited_until,
        since=member.since,
        version=member.version,
        is_self=member.id == caller.credential,
    )


def _concerns(grant: Grant, caller: Caller, powers: Powers) -> bool:
    if grant.tenant is None:
        return powers.runs_installation
    return grant.tenant == caller.tenant and powers.may_own(grant.site)


def _short(id_: str) -> str:
    return id_.partition(":")[2]
