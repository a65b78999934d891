"""Whatever becomes of one node, or of all three: every acknowledged event counts once, and the day has one salt."""

import os
from collections.abc import Awaitable, Callable

import pytest

from tests.cluster.nodes import EVENT_STREAMS, SALTS, Node
from tests.cluster.world import World
from tests.cluster.writing import Writing, writing

Scenario = Callable[[World, Writing], Awaitable[None]]


async def a_follower_is_killed(world: World, events: Writing) -> None:
    leader = await world.cluster.led(EVENT_STREAMS[0])
    await killed_for_a_while(world, events, next(node for node in world.cluster.nodes if node is not leader))


async def the_leader_is_killed(world: World, events: Writing) -> None:
    await killed_for_a_while(world, events, await world.cluster.led(EVENT_STREAMS[0]))


async def a_follower_is_frozen(world: World, events: Writing) -> None:
    leader = await world.cluster.led(EVENT_STREAMS[1])
    await frozen_for_a_while(world, events, next(node for node in world.cluster.nodes if node is not leader))


async def the_leader_is_frozen(world: World, events: Writing) -> None:
    await frozen_for_a_while(world, events, await world.cluster.led(EVENT_STREAMS[1]))


async def the_salts_node_is_killed_and_an_ingest_is_started_anew(world: World, events: Writing) -> None:
    node = await world.cluster.led(SALTS)
    node.kill()
    world.ingests[0].kill()
    await world.ingests[0].start().ready()
    await events.goes_on()
    world.cluster.start(node)
    await world.cluster.healthy()
    await events.goes_on()


async def the_salts_node_is_killed_and_then_the_leader(world: World, events: Writing) -> None:
    await the_salts_node_is_killed_and_an_ingest_is_started_anew(world, events)
    await the_leader_is_killed(world, events)


async def all_nodes_are_killed_while_an_ingest_is_started_anew(world: World, events: Writing) -> None:
    for node in world.cluster.nodes:
        node.kill()
    world.ingests[0].kill()
    world.ingests[0].start()
    world.cluster.start()
    await world.cluster.healthy()
    await world.ready()
    await events.goes_on()


async def a_seed_address_is_down_when_an_ingest_starts(world: World, events: Writing) -> None:
    gone = world.cluster.nodes[0]
    gone.kill()
    await world.ready(world.ingest())
    await events.goes_on()
    world.cluster.start(gone)
    await world.cluster.healthy()


SCENARIOS = (
    a_follower_is_killed,
    the_leader_is_killed,
    a_follower_is_frozen,
    the_leader_is_frozen,
    the_salts_node_is_killed_and_then_the_leader,
    all_nodes_are_killed_while_an_ingest_is_started_anew,
    a_seed_address_is_down_when_an_ingest_starts,
)
# What is run for every change; `make cluster` runs all of them, and what is in test_longer.py.
SAMPLE = (the_salts_node_is_killed_and_an_ingest_is_started_anew,)


@pytest.mark.parametrize("scenario", SCENARIOS if os.environ.get("CLUSTER") == "all" else SAMPLE)
async def test_every_acknowledged_event_counts_once_under_one_salt(world: World, scenario: Scenario):
    world.ingest()
    world.ingest()
    world.projectors()
    await world.ready(*world.ingests)
    async with writing(world.ingests) as events:
        await events.goes_on()
        await world.replicated(3, EVENT_STREAMS)
        before = await world.salt()
        await scenario(world, events)
        assert await world.salt() == before, "an ingest role was alive, and held it"
    await world.counted_once(events)
    assert await world.visitors(events) == 1
    assert world.salts_on_disks() == 0


async def killed_for_a_while(world: World, events: Writing, node: Node) -> None:
    node.kill()
    await events.goes_on()
    world.cluster.start(node)
    await world.cluster.healthy()
    await events.goes_on()


async def frozen_for_a_while(world: World, events: Writing, node: Node) -> None:
    node.freeze()
    await events.goes_on(100)
    node.thaw()
    await world.cluster.healthy()
    await events.goes_on()
