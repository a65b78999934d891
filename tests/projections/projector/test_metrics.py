"""What the projector counts is what it did."""

import asyncio

from prometheus_client import REGISTRY

from projections.projections import WEB
from projections.projector.worker import Projector
from tests.facts import pageview, traffic
from tests.projections.world import LABELS, Facts, Tables, project_all, read_generation, until, utc_now


def counted(result: str) -> float:
    """Return how many facts have ended so."""
    labels = LABELS | {"result": result}
    return REGISTRY.get_sample_value("collector_projection_events_total", labels) or 0.0


async def test_each_end_of_a_fact_is_counted(facts: Facts, tables: Tables, database_url: str):
    before = {result: counted(result) for result in ("applied", "duplicate", "quarantined")}
    repeated = pageview()
    await facts.publish(*traffic(7, seed=1), repeated, pageview("/\0"))
    await facts.repeat(repeated)
    await project_all(facts, tables, database_url)
    assert {result: counted(result) - old for result, old in before.items()} == {"applied": 8, "duplicate": 1, "quarantined": 1}


async def test_the_lag_is_what_waits_behind_the_position(facts: Facts, tables: Tables, database_url: str):
    await facts.publish(*traffic(5, seed=2))
    await project_all(facts, tables, database_url)
    stop = asyncio.Event()
    generation = await read_generation(database_url)
    async with Projector(WEB, generation, nats_url=facts.nats_url, database_url=database_url) as projector:
        running = asyncio.create_task(projector.run(stop, clock=utc_now))
        await until(lambda: has_no_trouble(projector), watching=running)
        stop.set()
        await running
        await facts.publish(pageview(), pageview())
        await projector.refresh_lag(utc_now())
        assert lag("events") == 2
        assert lag("seconds") >= 0


async def has_no_trouble(projector: Projector) -> bool:
    return projector.trouble == ""


def lag(unit: str) -> float | None:
    """Return the lag as it was last measured."""
    return REGISTRY.get_sample_value(f"collector_projection_lag_{unit}", LABELS)
