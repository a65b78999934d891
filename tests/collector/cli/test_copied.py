"""A copied data directory is an installation of its own; processes, numbers and Postgres of the original stay as they are."""

import shutil
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.running import Up, eventually, forget_cluster, send_a_hit
from tests.walk.answers import numbers


@pytest.fixture
def original(tmp_path: Path) -> Iterator[Up]:
    """A `collector up` with one pageview in its numbers."""
    (tmp_path / "original").mkdir()
    running = Up(tmp_path / "original" / "data")
    try:
        send_a_hit(running.wait_until_ready().port)
        eventually(lambda: pageviews(running) == 1, "the pageview is counted")
        yield running
    finally:
        running.stop(signal.SIGKILL)
        forget_cluster(running.data)


def pageviews(running: Up) -> int:
    return numbers(running, "shop.example", "period=today&who=all")["pageviews"]


@pytest.mark.long  # a copy made of one that is stopped is tried each time, in tests/collector/local/test_identity.py
def test_a_copy_made_while_the_original_runs_counts_its_own_and_leaves_it_alone(original, tmp_path):
    everybody, place = original.everybody(), tmp_path / "original" / "data" / "postgres" / "location"
    before = place.read_text() if place.exists() else ""
    (tmp_path / "copy").mkdir()
    # As cp -a does: everything, with its times.
    shutil.copytree(original.data, tmp_path / "copy" / "data", symlinks=True)
    copy = Up(tmp_path / "copy" / "data")
    try:
        copy.wait_until_ready()
        send_a_hit(copy.port)
        eventually(lambda: pageviews(copy) == 2, "its own stream is counted again, and its own pageview")
        assert original.everybody() == everybody
        assert original.is_ready()
        assert pageviews(original) == 1
        assert "an installation of its own" in copy.output.read_text()
        assert (place.read_text() if place.exists() else "") == before
        assert copy.stop() == 0
    finally:
        copy.stop(signal.SIGKILL)
        forget_cluster(copy.data)
