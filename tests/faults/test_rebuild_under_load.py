"""A rebuild while facts arrive and a projector runs: nothing is taken for lost, and every fact counts once."""

import signal
from collections.abc import Callable

from collector.local.postgres import PostgresServer
from projections.migrations import migrate
from projections.projector.rebuild import backfill
from tests.facts import traffic
from tests.faults.publishing import counted_once, publishing
from tests.faults.role import Role
from tests.projections.world import Facts, Tables, connect_to_tables, project_all, projecting, until, utc_now


async def test_rebuilds_beside_a_running_projector_under_load_count_every_fact_once(
    facts: Facts, tables: Tables, database_url: str
):
    async with projecting(facts.nats_url, database_url) as running:
        async with publishing(facts) as published:
            for _ in range(2):
                await backfill(nats_url=facts.nats_url, database_url=database_url, clock=utc_now)
        await tables.turn_to_current()
        await counted_once(tables, published.count)
        assert not running.done(), "the projector came through every rebuild"


async def test_a_rebuild_whose_postgres_dies_ends_with_a_sentence_and_what_is_read_stays(
    facts: Facts, postgres_server: Callable[[], PostgresServer], role: Callable[..., Role]
):
    server = postgres_server()
    await migrate(server.url)
    tables = Tables(await connect_to_tables(server.url))
    await facts.publish(*traffic(20, seed=1))
    await project_all(facts, tables, server.url)
    before = await tables.digest()
    # Held up at its end: it waits for the positions that are read.
    await tables.connection.execute("BEGIN; LOCK TABLE positions IN ROW EXCLUSIVE MODE; SELECT * FROM positions FOR UPDATE")

    async def is_being_built() -> bool:
        return bool(await tables.value("SELECT count(*) FROM public.generations WHERE state = 'building'"))

    rebuilding = role("backfill", NATS_URL=facts.nats_url, DATABASE_URL=server.url)
    await until(is_being_built)
    server.child.process.kill()
    server.child.process.wait()
    assert rebuilding.end() == 1
    assert "Traceback" not in rebuilding.said()
    assert "run `collector backfill` again" in rebuilding.said()
    tables.connection.terminate()
    server.start()
    again = Tables(await connect_to_tables(server.url))
    assert await again.digest() == before
    await again.connection.close()


async def test_a_second_one_meanwhile_is_refused_with_a_sentence_whatever_it_is_asked_for(
    facts: Facts, tables: Tables, database_url: str, role: Callable[..., Role]
):
    await facts.publish(*traffic(20, seed=1))
    await project_all(facts, tables, database_url)
    urls = {"NATS_URL": facts.nats_url, "DATABASE_URL": database_url}

    async def is_being_built() -> bool:
        return bool(await tables.value("SELECT count(*) FROM public.generations WHERE state = 'building'"))

    first = role("backfill", options=("--projection", "web"), **urls)
    await until(is_being_built)
    first.signal(signal.SIGSTOP)  # so that it is under way for as long as it takes
    for options in ((), ("--dry-run",), ("--site", "site-1.example")):
        second = role("backfill", options=options, **urls)
        assert second.end() == 1, options
        assert "Another backfill is under way. Wait for its end, or stop it, and try again." in second.said()
        assert "Traceback" not in second.said()
    other = role("backfill", options=("--projection", "turns"), **urls)
    assert other.end() == 0, other.said()
    assert await is_being_built()
    first.signal(signal.SIGCONT)
    assert first.end() == 0, first.said()
    assert await tables.turn_to_current() == "web_g2"
