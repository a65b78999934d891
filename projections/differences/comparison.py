"""Comparison: everything that two generations of a projection say otherwise, numbers first, from one snapshot of both."""

from typing import TypeAlias

from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncConnection

from projections.database import sqlstate_of
from projections.differences.contents import in_contents
from projections.differences.difference import Difference, Sides
from projections.differences.numbers import in_dimensions, in_numbers
from projections.projections import WEB
from projections.projector.projection import Projection

# Somebody has taken a table or a column away: which is a reason to compute it again, and not one to refuse.
_INCOMPLETE = ("42P01", "42703", "3F000")
Connection: TypeAlias = AsyncConnection


class CannotCompare(Exception):
    """What is read lacks a table or a column."""


async def compared(connection: Connection, projection: Projection, sides: Sides) -> list[Difference]:
    """Return what *sides* differ in, or raise CannotCompare."""
    try:
        return await differences(connection, projection, sides)
    except DBAPIError as error:
        if sqlstate_of(error) in _INCOMPLETE:
            raise CannotCompare from error
        raise


async def differences(connection: AsyncConnection, projection: Projection, sides: Sides) -> list[Difference]:
    """Return what *sides* differ in, and nothing where every row of theirs says the same."""
    contents = [one async for one in in_contents(connection, projection, sides)]
    if not contents or projection.name != WEB.name:
        return contents
    sites = sorted({(one.tenant, one.site) for one in contents})
    numbers = [one async for one in in_numbers(connection, sides)]
    values = [one async for one in in_dimensions(connection, sides, sites)]
    return [*numbers, *values, *contents]
