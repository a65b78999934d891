"""A pen for the tables whose days are rolled up."""

from collections.abc import AsyncIterator

import pytest

from tests.projections.world import Teller


@pytest.fixture
async def teller(database_url: str) -> AsyncIterator[Teller]:
    """A pen for the tables."""
    teller = Teller(database_url)
    yield teller
    await teller.close()
