"""A projection whose stream is not there yet, for nobody ever sent such a fact, holds up nobody and is looked after seldom."""

import asyncio

import pytest

from contracts.streams import EventStream
from projections.projections import LOGS, PROJECTIONS, WEB
from projections.projector import worker
from projections.projector.halt import Halted, HaltReason
from projections.projector.projectors import LOOK_SECONDS, Projectors
from tests.facts import traffic
from tests.projections.log_lines import line
from tests.projections.world import CHECK, PATIENCE, Facts, Tables, connect_to_tables, project_all, projecting, until, utc_now


async def halt_the_web(facts: Facts, tables: Tables, database_url: str) -> None:
    """Leave a stream of the web behind that is not the one which its read models were made from."""
    await facts.publish(*traffic(5, seed=1))
    await project_all(facts, tables, database_url)
    await facts.delete_stream()
    await facts.create_stream()


async def test_it_keeps_no_projector_running_that_has_halted(facts: Facts, tables: Tables, database_url: str):
    await halt_the_web(facts, tables, database_url)
    async with Projectors(nats_url=facts.nats_url, database_url=database_url, projections=PROJECTIONS) as projectors:
        with pytest.raises(Halted) as halted:
            async with asyncio.timeout(PATIENCE):
                await projectors.run(asyncio.Event(), clock=utc_now)
    assert halted.value.reason is HaltReason.STREAM_REGRESSED


async def test_whoever_has_a_stream_goes_on_beside_one_that_has_halted(facts: Facts, tables: Tables, database_url: str):
    await halt_the_web(facts, tables, database_url)
    stop = asyncio.Event()
    connection = await connect_to_tables(database_url, "logs")
    lines = Tables(connection, LOGS)
    async with (
        Facts(facts.nats_url, EventStream(family="logs")) as logs,
        Projectors(nats_url=facts.nats_url, database_url=database_url, projections=PROJECTIONS) as projectors,
    ):
        running = asyncio.create_task(projectors.run(stop, clock=utc_now))

        async def halted() -> bool:
            return "collector backfill" in projectors.checks().get(CHECK, "")

        async def written() -> bool:
            return await lines.dealt_with() == 1

        await until(halted, watching=running)
        await asyncio.sleep(1.5 * LOOK_SECONDS)  # longer than it takes to look round
        await logs.publish(line())
        await until(written, watching=running)
        stop.set()
        await running
    await connection.close()


async def test_projections_without_a_stream_are_ready(stream_free_nats: str, database_url: str):
    stop = asyncio.Event()
    async with Projectors(nats_url=stream_free_nats, database_url=database_url, projections=PROJECTIONS) as projectors:
        running = asyncio.create_task(projectors.run(stop, clock=utc_now))
        expected = {"projections": ""} | {f"projection {projection.name}/1/0": "" for projection in PROJECTIONS}

        async def ready() -> bool:
            return projectors.checks() == expected

        await until(ready, watching=running)
        stop.set()
        await running


async def test_it_is_not_asked_for_at_every_look_and_begins_when_it_is_told(
    stream_free_nats: str, tables: Tables, database_url: str, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(worker, "NO_STREAM_SECONDS", 2 * PATIENCE)
    async with Facts(stream_free_nats) as facts:
        await facts.delete_stream()
        questions: list[str] = []

        async def note(message: object) -> None:
            questions.append(str(message))

        async def asked() -> bool:
            return len(questions) > 1

        async def projected() -> bool:
            return await tables.dealt_with() == 3

        await facts.client.subscribe(f"$JS.API.STREAM.INFO.{facts.stream.name}", cb=note)
        async with projecting(stream_free_nats, database_url, projections=(WEB,)) as running:
            await until(asked, watching=running)
            await asyncio.sleep(2.5 * LOOK_SECONDS)
            assert len(questions) == 2, "once for the position, and once when somebody listens"
            await facts.create_stream()
            await facts.publish(*traffic(3, seed=1))
            await until(projected, watching=running)
