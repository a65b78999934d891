"""A cluster of three nats-servers with empty tables beside it."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from collector.local.guarded import GuardedLauncher
from tests.cluster.world import World, clustered
from tests.projections.conftest import database_url  # noqa: F401  # pytest finds fixtures by their names here


@pytest.fixture
async def world(tmp_path: Path, launcher: GuardedLauncher, database_url: str) -> AsyncIterator[World]:  # noqa: F811  # pytest's way
    """Three nats-servers, and no role yet."""
    async with clustered(tmp_path, launcher, database_url) as around:
        yield around
