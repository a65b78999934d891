"""Trials: what is done to a cluster that takes events, and what has to be so after it."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence

from tests.cluster.nodes import EVENT_STREAMS, SALTS, Node
from tests.cluster.world import World
from tests.cluster.writing import Writing, writing
from tests.faults.role import Role
from tests.faults.waiting import until

Trial = Callable[[World], Awaitable[None]]


async def a_follower_is_killed(world: World) -> None:
    leader = await world.cluster.led(EVENT_STREAMS[0])
    await killed_for_a_while(world, world.cluster.others(leader)[0])


async def the_leader_is_killed(world: World) -> None:
    await killed_for_a_while(world, await world.cluster.led(EVENT_STREAMS[0]))


async def a_follower_is_frozen(world: World) -> None:
    leader = await world.cluster.led(EVENT_STREAMS[1])
    await frozen_for_a_while(world, world.cluster.others(leader)[0])


async def the_leader_is_frozen(world: World) -> None:
    await frozen_for_a_while(world, await world.cluster.led(EVENT_STREAMS[1]))


async def the_leader_stays_frozen_until_all_is_counted(world: World) -> None:
    node = await world.cluster.led(EVENT_STREAMS[0])
    node.freeze()
    await world.events.goes_on(100)
    await world.counted(len(world.events.stored))
    node.thaw()
    await world.cluster.healthy()


async def the_salts_node_is_killed_and_an_ingest_started_anew(world: World) -> None:
    node = await world.cluster.led(SALTS)
    node.kill()
    world.ingests[0].kill()
    await world.ingests[0].start().ready()
    await world.events.goes_on()
    await revived(world, node)


async def the_only_node_with_the_salt_is_killed_and_an_ingest_started_anew(world: World) -> None:
    node = await world.cluster.led(SALTS)
    node.kill()
    await started_anew(world.ingests[0])
    await revived(world, node)
    await world.ready()


async def all_nodes_are_killed_and_an_ingest_started_anew(world: World) -> None:
    all_killed(world.cluster.nodes)
    await started_anew(world.ingests[0])
    await revived(world, *world.cluster.nodes)
    await world.ready()


async def a_seed_address_is_down_when_an_ingest_starts(world: World) -> None:
    gone = world.cluster.nodes[0]
    gone.kill()
    await world.ready(world.ingest())
    await world.events.goes_on()
    await revived(world, gone)


async def the_only_seed_address_that_one_was_told_is_killed(world: World) -> None:
    told = world.cluster.nodes[0]
    narrow = await world.ingest(nats_url=world.cluster.url_of(told)).ready()
    await killed_for_a_while(world, told)
    await until(lambda: not narrow.unready(), "it knows the others")


async def the_leader_is_killed_under_a_rebuild(world: World) -> None:
    node = await world.cluster.led(EVENT_STREAMS[0])
    node.kill()
    assert await asyncio.to_thread(world.backfill().end) == 0
    await revived(world, node)


async def all_nodes_are_killed_under_a_rebuild(world: World) -> None:
    all_killed(world.cluster.nodes)
    rebuilding = world.backfill()
    await until(lambda: "Waiting" in rebuilding.said(), "it says that it waits")
    await revived(world, *world.cluster.nodes)
    assert await asyncio.to_thread(rebuilding.end) == 0, rebuilding.said()


def while_an_ingest_lives(scenario: Trial, *, replicas: int = 3) -> Trial:
    """Return the trial in which *scenario* happens while at least one ingest role holds the day's salt."""

    async def trial(world: World) -> None:
        async with begun(world, replicas=replicas) as events:
            before = await world.salt()
            await scenario(world)
            await events.goes_on()
            assert await world.salt() == before, "an ingest role was alive, and held it"
        await world.counted_once(events)
        assert await world.visitors(events) == 1
        assert world.salts_on_disks() == 0

    trial.__name__ = scenario.__name__
    return trial


async def everybody_is_killed(world: World) -> None:
    async with begun(world) as before:
        gone = await world.salt()
    for role in world.ingests:
        role.kill()
    all_killed(world.cluster.nodes)
    world.cluster.start()
    for role in world.ingests:
        role.start()
    await world.ready()
    async with writing(world.ingests) as after:
        await after.goes_on()
        assert await world.salt() != gone
    await world.counted_once(before, after)
    assert [await world.visitors(each) for each in (before, after)] == [1, 1], "all agree, before and after"
    assert world.salts_on_disks() == 0


async def the_copies_grow_from_one_to_three_and_shrink_again(world: World) -> None:
    async with begun(world, replicas=1) as events:
        before = await world.salt()
        for replicas in (3, 1):
            gone, world.ingests[:] = list(world.ingests), []
            await world.ready(world.ingest(replicas=replicas))
            for role in gone:
                role.kill()
            await world.replicated(replicas, EVENT_STREAMS)
            if replicas > 1:
                await killed_for_a_while(world, await world.cluster.led(SALTS))
            await events.goes_on()
            assert await world.salt() == before
    await world.counted_once(events)
    assert await world.visitors(events) == 1


@contextlib.asynccontextmanager
async def begun(world: World, *, replicas: int = 3) -> AsyncIterator[Writing]:
    """Start everything, with as many copies, and have events taken for the length of the block."""
    for _ in range(2):
        world.ingest(replicas=replicas)
    world.projectors()
    await world.ready(*world.ingests)
    async with writing(world.ingests) as world.events:
        await world.events.goes_on()
        await world.replicated(replicas, EVENT_STREAMS)
        yield world.events


async def started_anew(ingest: Role) -> None:
    """Kill *ingest* and start it again, and return once it waits for a salt."""
    ingest.kill()
    ingest.start()
    await until(lambda: "salt" in ingest.unready(), "it waits for a salt")


async def killed_for_a_while(world: World, node: Node) -> None:
    node.kill()
    await world.events.goes_on()
    await revived(world, node)


async def frozen_for_a_while(world: World, node: Node) -> None:
    node.freeze()
    await world.events.goes_on(100)
    node.thaw()
    await world.cluster.healthy()


def all_killed(nodes: Sequence[Node]) -> None:
    for node in nodes:
        node.kill()


async def revived(world: World, *nodes: Node) -> None:
    world.cluster.start(*nodes)
    await world.cluster.healthy()


TRIALS: Sequence[Trial] = (
    *(
        while_an_ingest_lives(scenario)
        for scenario in (
            the_salts_node_is_killed_and_an_ingest_started_anew,
            a_follower_is_killed,
            the_leader_is_killed,
            a_follower_is_frozen,
            the_leader_is_frozen,
            the_leader_stays_frozen_until_all_is_counted,
            all_nodes_are_killed_and_an_ingest_started_anew,
            a_seed_address_is_down_when_an_ingest_starts,
            the_only_seed_address_that_one_was_told_is_killed,
            the_leader_is_killed_under_a_rebuild,
            all_nodes_are_killed_under_a_rebuild,
        )
    ),
    while_an_ingest_lives(the_only_node_with_the_salt_is_killed_and_an_ingest_started_anew, replicas=1),
    everybody_is_killed,
    the_copies_grow_from_one_to_three_and_shrink_again,
)
