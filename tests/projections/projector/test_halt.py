"""When going on would be wrong the projector stops, changes nothing, and says what a person has to do."""

import asyncio
import json

import pytest
from prometheus_client import REGISTRY

from contracts.codec import CODEC
from projections.projections import WEB
from projections.projector.halt import Halted, HaltReason
from projections.projector.projectors import Projectors
from tests.facts import pageview, traffic
from tests.projections.world import CHECK, LABELS, PATIENCE, Facts, Tables, project_all, projecting, until, utc_now


async def refusal(facts: Facts, database_url: str, *, partitions: int = 1) -> Halted:
    """Return why a projector that is started now refuses to work."""
    projectors = Projectors(nats_url=facts.nats_url, database_url=database_url, projections=(WEB,), partitions=partitions)
    with pytest.raises(Halted) as refused:
        async with asyncio.timeout(PATIENCE), projectors:
            await projectors.run(asyncio.Event(), clock=utc_now)
    return refused.value


async def test_a_newer_version_stops_it_before_the_fact_and_after_all_others(facts: Facts, tables: Tables, database_url: str):
    newer = json.dumps(json.loads(CODEC.encode(pageview())) | {"type": "page_viewed.v99"}).encode()
    await facts.publish(pageview("/1"), pageview("/2"))
    await facts.store(newer, "events.web.0.main.example/org.page_viewed/v99", "newer")
    await facts.publish(pageview("/4"))
    halted = await refusal(facts, database_url)
    assert halted.reason is HaltReason.NEWER_VERSION
    assert "install a newer version" in str(halted)
    assert await tables.rows("SELECT seq, applied, quarantined FROM positions") == [{"seq": 2, "applied": 2, "quarantined": 0}]


async def test_a_stream_that_was_made_again_is_refused(facts: Facts, tables: Tables, database_url: str):
    await facts.publish(*traffic(5, seed=1))
    await project_all(facts, tables, database_url)
    before = await tables.digest()
    await facts.delete_stream()
    await facts.create_stream()
    await facts.publish(*traffic(9, seed=2))
    halted = await refusal(facts, database_url)
    assert halted.reason is HaltReason.STREAM_REGRESSED
    assert "collector backfill" in str(halted)
    assert await tables.digest() == before


async def test_a_stream_that_is_gone_with_what_was_counted_is_no_stream_that_is_yet_to_come(
    facts: Facts, tables: Tables, database_url: str
):
    await facts.publish(*traffic(5, seed=1))
    await project_all(facts, tables, database_url)
    before = await tables.digest()
    await facts.delete_stream()
    stop = asyncio.Event()
    async with Projectors(nats_url=facts.nats_url, database_url=database_url, projections=(WEB,)) as projectors:
        running = asyncio.create_task(projectors.run(stop, clock=utc_now))

        async def says_so() -> bool:
            return "the stream is gone" in projectors.checks().get(CHECK, "")

        await until(says_so, watching=running)
        stop.set()
        await running
    assert await tables.digest() == before


async def test_a_stream_that_lost_its_end_is_refused(facts: Facts, tables: Tables, database_url: str):
    await facts.publish(*traffic(5, seed=1))
    await project_all(facts, tables, database_url)
    await tables.connection.execute("UPDATE positions SET seq = 50")
    assert (await refusal(facts, database_url)).reason is HaltReason.STREAM_REGRESSED


async def test_another_event_at_the_position_is_refused(facts: Facts, tables: Tables, database_url: str):
    await facts.publish(*traffic(5, seed=1))
    await project_all(facts, tables, database_url)
    await tables.connection.execute("UPDATE positions SET message_id = 'of another life'")
    assert (await refusal(facts, database_url)).reason is HaltReason.STREAM_REGRESSED
    assert REGISTRY.get_sample_value("collector_stream_regressed", LABELS) == 1


async def test_an_erased_event_at_the_position_is_no_reason_to_stop(facts: Facts, tables: Tables, database_url: str):
    await facts.publish(*traffic(5, seed=1))
    await project_all(facts, tables, database_url)
    await facts.erase(5)
    await facts.erase(2)
    await facts.publish(pageview())

    async def reads_on() -> bool:
        return bool(await tables.value("SELECT seq = 6 FROM positions"))

    async with projecting(facts.nats_url, database_url) as running:
        await until(reads_on, watching=running)


async def test_another_number_of_partitions_is_refused(facts: Facts, tables: Tables, database_url: str):
    await facts.publish(*traffic(5, seed=1))
    await project_all(facts, tables, database_url)
    halted = await refusal(facts, database_url, partitions=2)
    assert halted.reason is HaltReason.PARTITIONS_CHANGED
    assert "collector backfill" in str(halted)


async def test_a_projector_that_stopped_says_so_in_its_checks(facts: Facts, tables: Tables, database_url: str):
    await facts.publish(*traffic(5, seed=1))
    await project_all(facts, tables, database_url)
    await facts.delete_stream()
    await facts.create_stream()
    async with Projectors(nats_url=facts.nats_url, database_url=database_url, projections=(WEB,)) as projectors:
        with pytest.raises(Halted):
            await projectors.run(asyncio.Event(), clock=utc_now)
        assert "collector backfill" in projectors.checks()[CHECK]


async def test_a_stop_that_comes_as_soon_as_it_is_told_hides_no_reason(facts: Facts, tables: Tables, database_url: str):
    await facts.publish(*traffic(5, seed=1))
    await project_all(facts, tables, database_url)
    await facts.delete_stream()
    await facts.create_stream()
    stop = asyncio.Event()
    async with Projectors(nats_url=facts.nats_url, database_url=database_url, projections=(WEB,)) as projectors:
        running = asyncio.create_task(projectors.run(stop, clock=utc_now))
        async with asyncio.timeout(PATIENCE):
            while "collector backfill" not in projectors.checks().get(CHECK, ""):
                await asyncio.sleep(0)
        stop.set()
        with pytest.raises(Halted):
            await running


async def test_missing_tables_are_named_in_the_checks(facts: Facts, postgres_url: str):
    stop = asyncio.Event()
    async with Projectors(nats_url=facts.nats_url, database_url=postgres_url, projections=(WEB,)) as projectors:
        running = asyncio.create_task(projectors.run(stop, clock=utc_now))
        async with asyncio.timeout(PATIENCE):
            while "collector migrate" not in projectors.checks()["projections"]:
                await asyncio.sleep(0.02)
        stop.set()
        await running
