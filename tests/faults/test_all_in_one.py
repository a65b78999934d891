"""`collector up` after the worst: every process killed at once comes back, and nobody is left behind in the end."""

import os
import signal
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest

from tests.collector.cli.conftest import up  # noqa: F401  # pytest finds fixtures by their names here
from tests.running import Up, eventually, send_a_hit


def left_behind(data: Path) -> list[str]:
    """Return what still runs and has to do with *data*, or with a Postgres that root had to put elsewhere."""
    location = data / "postgres" / "location"
    places = [str(data), *([location.read_text().strip()] if location.exists() else [])]
    found = []
    for process in psutil.process_iter(["cmdline", "cwd", "environ", "status"]):
        told = " ".join([*(process.info["cmdline"] or ()), process.info["cwd"] or "", str(process.info["environ"] or "")])
        if process.pid != os.getpid() and any(place in told for place in places):
            found.append(f"{process.pid} {told[:200]}")
    return found


@pytest.mark.long
def test_every_child_killed_at_once_comes_back_and_a_stop_leaves_nobody(up: Callable[[], Up]):  # noqa: F811  # the fixture
    running = up().wait_until_ready()
    assert send_a_hit(running.port) < 300
    before = running.children
    for pid in before.values():
        os.kill(pid, signal.SIGKILL)
    eventually(lambda: not set(before.values()) & set(running.children.values()) and running.is_ready(), "all are back")
    assert send_a_hit(running.port) < 300
    assert left_behind(running.data), "the search must be able to find what is there"
    assert running.stop() == 0
    eventually(lambda: not left_behind(running.data), "nobody is left")
