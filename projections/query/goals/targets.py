"""Targets: the goals and funnels of a site as they were decided last, each with the decision that it is by."""

from typing import Generic, TypeVar

from msgspec import Struct
from sqlalchemy import Text, func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from contracts.control.goals import FUNNEL_KIND, GOAL_KIND, Funnel, Goal, funnel_id, goal_id
from contracts.control.sites import site_id
from contracts.problem import Problem
from projections.control.tables import THINGS, thing_in
from projections.query.caller import Caller
from projections.query.problems import Refused

T = TypeVar("T", Goal, Funnel)


class Decided(Struct, Generic[T], frozen=True):
    """A target, and the sequence in the stream of decisions that it is so by."""

    thing: T
    seq: int


async def goals_of(connection: AsyncConnection, caller: Caller, site: str) -> list[Decided[Goal]]:
    """Return the goals of *site*, by name, but for those that are withdrawn."""
    return await _all(connection, caller, site, Goal, GOAL_KIND)


async def funnels_of(connection: AsyncConnection, caller: Caller, site: str) -> list[Decided[Funnel]]:
    """Return the funnels of *site*, by name, but for those that are withdrawn."""
    return await _all(connection, caller, site, Funnel, FUNNEL_KIND)


async def goal_named(connection: AsyncConnection, caller: Caller, site: str, goal: str) -> Decided[Goal]:
    """Return the goal of *site* that is called *goal* in addresses, or raise Refused."""
    return await _one(connection, caller, Goal, GOAL_KIND, goal_id(caller.tenant, site, goal))


async def funnel_named(connection: AsyncConnection, caller: Caller, site: str, funnel: str) -> Decided[Funnel]:
    """Return the funnel of *site* that is called *funnel* in addresses, or raise Refused."""
    return await _one(connection, caller, Funnel, FUNNEL_KIND, funnel_id(caller.tenant, site, funnel))


async def _all(connection: AsyncConnection, caller: Caller, site: str, type_: type[T], kind: str) -> list[Decided[T]]:
    columns = THINGS.c
    query = select(columns.id, func.cast(columns.state, Text), columns.seq).where(
        columns.tenant == caller.tenant, columns.kind == kind, columns.owner == site_id(caller.tenant, site)
    )
    found = [(thing_in(id_, state), seq) for id_, state, seq in await connection.execute(query)]
    working = [Decided(thing, seq) for thing, seq in found if isinstance(thing, type_) and not thing.is_withdrawn]
    return sorted(working, key=lambda one: (one.thing.name.casefold(), one.thing.id))


async def _one(connection: AsyncConnection, caller: Caller, type_: type[T], kind: str, id_: str) -> Decided[T]:
    columns = THINGS.c
    query = select(func.cast(columns.state, Text), columns.seq).where(columns.tenant == caller.tenant, columns.id == id_)
    row = None if "\x00" in id_ else (await connection.execute(query)).one_or_none()
    thing = None if row is None else thing_in(id_, row[0])
    if row is None or not isinstance(thing, type_) or thing.is_withdrawn:
        raise _no_such(kind)
    return Decided(thing, row.seq)


def _no_such(kind: str) -> Refused:
    detail = f"It was never defined, or it was withdrawn. Ask for one that the site's answer {kind}s lists."
    return Refused(Problem(status=404, title=f"The site has no such {kind}", code="not_found", detail=detail, field=kind))
