"""A migrated database and an application in front of it, for each test."""

from collections.abc import AsyncIterator

import pytest

from projections.migrations import migrate
from tests.projections.query.world import NOWHERE, World, open_world


@pytest.fixture
async def database_url(postgres_url: str) -> str:
    """The address of a database with empty tables."""
    await migrate(postgres_url)
    return postgres_url


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
