"""A stream that was deleted, made again, or replaced by an older copy is refused with a word on what to do, never skipped."""

import shutil
from collections.abc import Callable
from pathlib import Path

import nats
import pytest

from collector.local.nats import NatsServer
from tests.facts import STREAM, pageview, traffic
from tests.faults.asking import post
from tests.faults.role import Role
from tests.faults.salted import salted
from tests.faults.waiting import until
from tests.projections.world import CHECK, Facts, Tables
from tests.running import run_collector

HALTED = 3
REGRESSED = 'collector_stream_regressed{generation="1",partition="0",projection="web"}'


class Copied:
    """A nats-server whose files are copied aside, and back."""

    def __init__(self, server: NatsServer, folder: Path) -> None:
        self.server = server
        self._store = next(folder.rglob("jetstream"))
        self._copy = folder / "copy"

    def copy_aside(self) -> None:
        self.server.stop()
        shutil.copytree(self._store, self._copy)
        self.server.start()

    def copy_back(self) -> None:
        self.server.stop()
        shutil.rmtree(self._store)
        shutil.copytree(self._copy, self._store)
        self.server.start()


@pytest.fixture
def copied(nats_server: Callable[[], NatsServer], tmp_path: Path) -> Copied:
    return Copied(nats_server(), tmp_path)


async def refuses(projector: Role, because: str) -> None:
    """Wait until *projector* says what is wrong with the stream, make sure that it says so everywhere, and let it end."""
    await until(lambda: because in projector.unready().get(CHECK, ""), because)
    assert "collector backfill" in projector.unready()[CHECK]
    assert projector.metric(REGRESSED) == 1
    assert because in projector.said()
    assert projector.stop() == HALTED


async def dealt_with(tables: Tables, count: int) -> bool:
    return await tables.dealt_with() == count


async def test_a_running_projector_refuses_an_older_copy_of_the_stream(
    copied: Copied, tables: Tables, database_url: str, role: Callable[..., Role]
):
    async with Facts(copied.server.url) as facts:
        await facts.publish(*traffic(20, seed=1))
    copied.copy_aside()
    projector = role("project", NATS_URL=copied.server.url, DATABASE_URL=database_url)
    async with Facts(copied.server.url) as facts:
        await facts.publish(*traffic(30, seed=2))
    await until(lambda: dealt_with(tables, 50), "everything is projected")
    before = await tables.digest()
    copied.copy_back()
    await refuses(projector, "ends at 20, before the position 50")
    assert await tables.digest() == before


async def test_an_older_copy_that_has_grown_past_the_position_is_refused(
    copied: Copied, tables: Tables, database_url: str, role: Callable[..., Role], tmp_path: Path
):
    async with Facts(copied.server.url) as facts:
        await facts.publish(*traffic(20, seed=1))
    copied.copy_aside()
    projector = role("project", NATS_URL=copied.server.url, DATABASE_URL=database_url)
    async with Facts(copied.server.url) as facts:
        await facts.publish(*traffic(30, seed=2))
    await until(lambda: dealt_with(tables, 50), "everything is projected")
    assert projector.stop() == 0
    before = await tables.digest()
    copied.copy_back()
    async with Facts(copied.server.url) as facts:
        await facts.publish(*traffic(60, seed=3))
    await refuses(projector.start(), "holds another event at the position 50")
    as_told = run_collector(tmp_path, "backfill", COLLECTOR_NATS_URL=copied.server.url, COLLECTOR_DATABASE_URL=database_url)
    assert as_told.returncode == 1
    assert "would lose them" in as_told.stderr
    assert await tables.turn_to_current() == "web_g1"
    assert await tables.digest() == before


async def test_a_deleted_stream_is_made_again_and_its_projector_waits_for_a_person(
    copied: Copied, tables: Tables, database_url: str, role: Callable[..., Role], tmp_path: Path
):
    urls = {"NATS_URL": await salted(copied.server.url), "DATABASE_URL": database_url}
    serve, projector = role("serve", **urls), role("project", **urls)
    await serve.ready()
    for _ in range(5):
        assert (await post(serve)).status_code == 204
    await until(lambda: dealt_with(tables, 5), "everything is projected")
    before = await tables.digest()

    # Not as Facts, which would make the stream again by itself.
    facts = Facts(copied.server.url)
    facts.client = await nats.connect(copied.server.url)
    await facts.delete_stream()
    assert (await post(serve)).status_code == 204, "it is made again before anybody is refused"
    assert (await facts.client.jetstream().stream_info(STREAM)).state.messages == 1
    await refuses(projector, "was made again")
    assert await tables.digest() == before

    settings = {f"COLLECTOR_{name}": value for name, value in urls.items()}
    assert run_collector(tmp_path, "backfill", "--accept-loss", **settings).returncode == 0
    await tables.turn_to_current()
    await facts.publish(pageview())
    await projector.start().ready()
    await until(lambda: dealt_with(tables, 2), "what the new stream holds is counted")
    await facts.client.close()
