"""An application in front of empty tables, for each test."""

from collections.abc import AsyncIterator

import pytest

from tests.projections.query.world import NOWHERE, World, open_world


@pytest.fixture
async def world(database_url: str) -> AsyncIterator[World]:
    """An application without a token, in front of empty tables."""
    async with open_world(database_url) as made:
        yield made


@pytest.fixture
async def doorstep() -> AsyncIterator[World]:
    """An application without any database: what it answers was decided at the door."""
    async with open_world(NOWHERE) as made:
        yield made
