"""Roles as processes, an empty stream and migrated tables for each test."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path

import pytest

from collector.local.guarded import GuardedLauncher
from tests.faults.role import Role
from tests.projections.conftest import database_url, facts, tables  # noqa: F401  # pytest finds fixtures by their names here


@pytest.fixture
def role(tmp_path: Path, launcher: GuardedLauncher) -> Iterator[Callable[..., Role]]:
    """Start roles, which do not outlive the test."""
    started: list[Role] = []

    def start(
        name: str,
        *,
        module: str = "",
        options: Sequence[str] = (),
        variables: Mapping[str, str] | None = None,
        **settings: str,
    ) -> Role:
        started.append(Role(name, launcher, tmp_path, module=module, options=options, **settings))
        return started[-1].start(**(variables or {}))

    yield start
    for one in started:
        one.stop_whatever_its_state()
