"""Comparison: everything that two generations of a projection say otherwise, numbers first, from one snapshot of both."""

from sqlalchemy.ext.asyncio import AsyncConnection

from projections.differences.contents import in_contents
from projections.differences.difference import Difference, Sides
from projections.differences.numbers import in_dimensions, in_numbers
from projections.projections import WEB
from projections.projector.projection import Projection


async def differences(connection: AsyncConnection, projection: Projection, sides: Sides) -> list[Difference]:
    """Return what *sides* differ in, and nothing where every row of theirs says the same."""
    contents = [one async for one in in_contents(connection, projection, sides)]
    if not contents or projection.name != WEB.name:
        return contents
    sites = sorted({(one.tenant, one.site) for one in contents})
    numbers = [one async for one in in_numbers(connection, sides)]
    values = [one async for one in in_dimensions(connection, sides, sites)]
    return [*numbers, *values, *contents]
