"""Two processes that decide the same at once in a cluster whose leader is killed: one wins (`make control`, nightly)."""

import asyncio
import threading
from collections import Counter
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from collector.control.decided import Reason
from collector.control.line import Line
from collector.control.plane import ControlPlane
from collector.local.guarded import GuardedLauncher
from tests.cluster.nodes import Cluster
from tests.collector.control.test_races import WON, enter, name_in
from tests.collector.control.worlds import Clock

RACES, KILL_EVERY = 200, 10


@pytest.fixture
async def cluster(tmp_path: Path, launcher: GuardedLauncher) -> AsyncIterator[Cluster]:
    cluster = Cluster(tmp_path, launcher)
    cluster.start()
    await cluster.healthy()
    yield cluster
    cluster.stop()


async def test_a_race_has_one_winner_whoever_leads(cluster: Cluster):
    planes = [ControlPlane(Line(cluster.url, patience=60.0), clock=Clock(), replicas=3) for _ in range(2)]
    try:
        for tenant in ("t0", "t1"):
            await planes[0].run(lambda plane, tenant=tenant: plane.tenants.add(tenant, by="here"))
        for race in range(RACES):
            start = threading.Barrier(2)
            entering = [asyncio.to_thread(enter, planes[n], n, race, start) for n in (0, 1)]
            told, _ = await asyncio.gather(asyncio.gather(*entering), disturb(cluster, race))
            assert Counter(told) == {WON: 1, Reason.CONFLICT: 1}, f"race {race}"
            winner = told.index(WON)
            owner = (await planes[1 - winner].run(lambda plane, race=race: plane.look(f"name:{name_in(race)}"))).thing
            assert (owner.tenant, owner.key) == (f"t{winner}", name_in(race))
    finally:
        for plane in planes:
            plane.close()


async def disturb(cluster: Cluster, race: int) -> None:
    """Kill whoever leads the stream in the middle of a race, and start it again once the race is over."""
    if race % KILL_EVERY != 1:
        return
    leader = await cluster.led("CONTROL")
    leader.kill()
    await asyncio.sleep(1.0)  # so that another leads meanwhile
    cluster.start(leader)
    await cluster.healthy()
