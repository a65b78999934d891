"""A rebuild comes through a NATS that is away for a while, says that it waits, and gives up only after minutes."""

import asyncio
import os
import signal
from collections.abc import Callable

import pytest

from collector.local.nats import NatsServer
from projections.projector import patience
from projections.projector.rebuild import Progress, backfill
from projections.stream import StreamUnavailable, connection
from tests.facts import traffic
from tests.projections.world import Facts, Tables, project_all, utc_now

FACTS = 50


@pytest.fixture(autouse=True)
def short_attempts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connection, "CONNECT_SECONDS", 0.5)


async def filled(server: NatsServer, tables: Tables, database_url: str) -> str:
    async with Facts(server.url) as facts:
        await facts.publish(*traffic(FACTS, seed=9))
        await project_all(facts, tables, database_url)
    return await tables.digest()


async def test_a_rebuild_waits_for_a_nats_that_is_away_and_ends_well(
    nats_server: Callable[[], NatsServer], tables: Tables, database_url: str
):
    server = nats_server()
    before = await filled(server, tables, database_url)
    seen: list[Progress] = []
    hurt = asyncio.Event()

    def kill() -> None:
        if not hurt.is_set():
            os.kill(server.pid, signal.SIGKILL)
            server.child.process.wait()
            hurt.set()

    def report(progress: Progress) -> None:
        seen.append(progress)
        kill()

    rebuilding = asyncio.create_task(backfill(nats_url=server.url, database_url=database_url, clock=utc_now, report=report))
    async with asyncio.timeout(60):
        while not any(progress.waits for progress in seen):
            assert not rebuilding.done(), rebuilding.exception()
            await asyncio.sleep(0.02)
        await asyncio.to_thread(server.start)
        end = await rebuilding
    assert end == Progress(done=FACTS, total=FACTS)
    await tables.turn_to_current()
    assert await tables.digest() == before


async def test_a_nats_that_stays_away_ends_it_with_a_sentence_and_what_is_read_stays(
    nats_server: Callable[[], NatsServer], tables: Tables, database_url: str, monkeypatch: pytest.MonkeyPatch
):
    server = nats_server()
    before = await filled(server, tables, database_url)
    server.stop()
    monkeypatch.setattr(patience, "PATIENCE_SECONDS", 0.0)
    with pytest.raises(StreamUnavailable, match="run `collector backfill` again once it is back"):
        await backfill(nats_url=server.url, database_url=database_url, clock=utc_now)
    assert await tables.turn_to_current() == "web_g1"
    assert await tables.digest() == before
