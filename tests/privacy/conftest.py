"""One installation that everybody has been to, and all that was left of it: made once, searched by every test here."""

import signal
from collections.abc import Iterator

import pytest

from tests.privacy.evidence import Evidence
from tests.privacy.people import People, gather
from tests.privacy.scenario import live_through, settings
from tests.running import Up, forget_cluster


@pytest.fixture(scope="session")
def people() -> People:
    return gather()


@pytest.fixture(scope="session")
def evidence(people: People, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Evidence]:
    folder, temporary = tmp_path_factory.mktemp("privacy"), tmp_path_factory.mktemp("temporary")
    running = Up(folder / "data", **settings(temporary))
    try:
        yield live_through(running.wait_until_ready(), people, temporary)
    finally:
        if running.process.poll() is None:
            running.stop(signal.SIGTERM)
        forget_cluster(running.data)
