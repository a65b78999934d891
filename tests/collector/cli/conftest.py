"""The command line, run as a user would."""

import functools
import signal
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.running import Up, forget_cluster, run_collector


@pytest.fixture
def up(tmp_path: Path) -> Iterator[Callable[..., Up]]:
    """Start `collector up`, always in the same data directory."""
    data = tmp_path / "data"
    started: list[Up] = []

    def start(**settings: str) -> Up:
        started.append(Up(data, **settings))
        return started[-1]

    yield start
    for one in started:
        if one.process.poll() is None:
            one.stop(signal.SIGTERM)
    forget_cluster(data)


@pytest.fixture
def collector(tmp_path: Path) -> Callable[..., subprocess.CompletedProcess[str]]:
    """Run a command to its end in a folder of its own."""
    return functools.partial(run_collector, tmp_path)
