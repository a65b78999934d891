"""An installation that has counted something, for each test."""

from pathlib import Path

import pytest

from tests.advice.installation import Installation
from tests.facts import pageview, traffic
from tests.projections import conftest as projections
from tests.projections.world import Facts, Tables

# Found by pytest under these names.
database_url, facts, tables = projections.database_url, projections.facts, projections.tables


@pytest.fixture
async def installation(facts: Facts, tables: Tables, database_url: str, tmp_path: Path) -> Installation:
    """Ten events are stored and counted, and one is set aside."""
    made = Installation(facts, tables, database_url, tmp_path)
    await made.count(*traffic(10, seed=1), pageview("/\0"))
    return made
