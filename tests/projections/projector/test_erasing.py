"""What is gone with a deleted site leaves every table, is no loss to anybody who counts, and hides no other loss."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import pytest

from collector.cli.checks.database import examine_database
from collector.control.erasure import Eraser
from collector.control.plane import ControlPlane, open_plane
from collector.stream import connection as broker
from contracts.control.sites import SiteAdded, SiteErased, SiteErasureBegun, SiteState, site_id
from contracts.streams import bucket_of
from projections.control.keeper import ControlKeeper
from projections.control.tables import begin_reading, keep
from projections.database import open_engine
from projections.projections import WEB
from projections.projector.dedup import site_number
from projections.projector.erasing import Erasing
from projections.projector.loss import HistoryWouldBeLost
from projections.projector.rebuild import Progress, backfill
from projections.schema import NUMBERS
from projections.stream import Stream
from projections.stream.item import Sequenced
from tests.collector.control.erasing import QUICK
from tests.facts import pageview, traffic
from tests.projections.world import Facts, Tables, project_all, projecting, read_generation, until, utc_now

DOOMED = {"tenant": "main", "site": "doomed.example"}


class Erasure:
    """A control plane in which a site can be erased to the end."""

    def __init__(self, plane: ControlPlane, eraser: Eraser) -> None:
        self.plane, self.eraser = plane, eraser

    async def add(self) -> None:
        await self.plane.run(lambda plane: plane.sites.add(*DOOMED.values(), by="here"))

    async def erase(self) -> None:
        await self.plane.run(lambda plane: plane.sites.begin_erasure(*DOOMED.values(), by="here"))
        await until(self._is_erased)

    async def _is_erased(self) -> bool:
        await self.eraser.look()
        return self.plane.sites.find(*DOOMED.values()).state is SiteState.ERASED


@pytest.fixture
async def erasure(facts: Facts) -> AsyncIterator[Erasure]:
    """A site that can be erased."""
    plane = open_plane(facts.nats_url, clock=utc_now)
    client = await broker.connect(facts.nats_url, on_loss=lambda: None)
    erasing = {site_id(*DOOMED.values()): None}
    eraser = Eraser(client, plane, lambda: {name: plane.sites.find(*DOOMED.values()) for name in erasing}, pace=QUICK)
    await plane.run(lambda plane: plane.tenants.add("main", by="here"))
    made = Erasure(plane, eraser)
    await made.add()
    yield made
    await broker.disconnect(client)
    await asyncio.to_thread(plane.close)


@contextlib.asynccontextmanager
async def keeping(facts: Facts, database_url: str) -> AsyncIterator[None]:
    """Keep what is decided for the length of the block."""
    stop = asyncio.Event()
    async with ControlKeeper(nats_url=facts.nats_url, database_url=database_url) as keeper:
        running = asyncio.create_task(keeper.run(stop))
        yield
        stop.set()
        await running


def doomed(many: int) -> list[Any]:
    return [pageview(f"/doomed-{n}", **DOOMED) for n in range(many)]


async def fill(facts: Facts) -> None:
    """Store the doomed site's facts first, last and among others', with repeats and poison on both sides."""
    theirs, others = doomed(30), list(traffic(30, seed=9))
    await facts.publish(*theirs[:5])
    for one, other in zip(theirs[5:25], others[:20], strict=True):
        await facts.publish(one, other)
    await facts.repeat(theirs[7])
    await facts.repeat(others[3])
    await facts.publish(pageview("/\0", **DOOMED), pageview("/\0"), *others[20:], *theirs[25:])


async def rows(tables: Tables) -> dict[str, list[dict[str, Any]]]:
    """Return every row of what answers are made of, and of what is remembered of ids; numbers are a generation's own."""
    without = ",".join(sorted(NUMBERS))
    said = {name: f"to_jsonb({name}) - '{{{without}}}'::text[]" for name in ("hits", "visits", "seen_events", "quarantine")}
    return {name: await tables.rows(f"SELECT {row} AS row FROM {name} ORDER BY ({row})::text") for name, row in said.items()}


def gone_from(tables: Tables) -> Callable[[], Awaitable[bool]]:
    async def is_gone() -> bool:
        return not await tables.value("SELECT count(*) FROM hits WHERE site = 'doomed.example'")

    return is_gone


async def rebuild(facts: Facts, tables: Tables, database_url: str) -> Progress:
    end = await backfill(nats_url=facts.nats_url, database_url=database_url, clock=utc_now)
    await tables.turn_to_current()
    return end


async def compared(facts: Facts, database_url: str) -> list[str]:
    """Return what doctor finds when it compares the projection with its stream."""
    findings = [found async for found in examine_database(database_url, facts.nats_url)]
    return [found.text for found in findings if found.subject == "Projector web"]


async def test_what_is_left_of_an_erasure_is_what_a_rebuild_makes(
    facts: Facts, erasure: Erasure, tables: Tables, database_url: str
):
    await fill(facts)
    await project_all(facts, tables, database_url)
    before = await rows(tables)
    async with keeping(facts, database_url), projecting(facts.nats_url, database_url) as running:
        await erasure.erase()
        await until(gone_from(tables), watching=running)
        live = await rows(tables)
    assert await compared(facts, database_url) == ["is 0 events behind"]
    theirs = (DOOMED["site"], str(site_number(*DOOMED.values())))
    others = {
        name: [row for row in several if not any(one in row["row"] for one in theirs)] for name, several in before.items()
    }
    assert live == others
    assert {name: len(several) for name, several in live.items()} | {"visits": 0} == {
        "hits": 30,
        "visits": 0,
        "seen_events": 30,
        "quarantine": 1,
    }
    end = await rebuild(facts, tables, database_url)
    assert end == Progress(done=32, total=32, erased=32)
    assert await rows(tables) == live
    assert await compared(facts, database_url) == ["is 0 events behind"]
    assert (await rebuild(facts, tables, database_url)).erased == 0


async def test_a_hole_that_is_on_the_list_is_no_loss_and_another_still_is(
    facts: Facts, erasure: Erasure, tables: Tables, database_url: str
):
    others = list(traffic(110, seed=5))
    await facts.publish(*doomed(60), *others, *doomed(60))
    await project_all(facts, tables, database_url)
    await erasure.erase()
    for seq in range(62, 163):
        await facts.erase(seq)
    with pytest.raises(HistoryWouldBeLost, match="101 of 230 counted events"):
        await rebuild(facts, tables, database_url)
    assert await tables.count("hits") == 230, "nothing has been changed"


async def test_a_loss_behind_a_rebuild_is_not_taken_for_what_was_erased_before_it(
    facts: Facts, erasure: Erasure, tables: Tables, database_url: str
):
    await facts.publish(*doomed(10), *traffic(110, seed=5))
    await project_all(facts, tables, database_url)
    await erasure.erase()
    await rebuild(facts, tables, database_url)
    for seq in range(12, 113):
        await facts.erase(seq)
    with pytest.raises(HistoryWouldBeLost, match="101 of 110 counted events"):
        await rebuild(facts, tables, database_url)


async def test_what_is_erased_before_it_is_counted_is_no_loss(
    facts: Facts, erasure: Erasure, tables: Tables, database_url: str
):
    await facts.publish(*traffic(20, seed=6))
    await project_all(facts, tables, database_url)
    await facts.publish(*doomed(110))
    await erasure.erase()
    assert (await rebuild(facts, tables, database_url)).erased == 0
    assert await tables.count("hits") == 20


async def test_a_partition_that_held_some_of_it_before_there_were_more_gives_them_up_too(database_url: str):
    generation, begun = await read_generation(database_url), {"at": utc_now(), "by": "here"}
    home = bucket_of(*DOOMED.values()) % 2
    partitions = [Erasing(database_url, WEB, generation, partition=number, partitions=2) for number in (home, 1 - home)]

    async def due() -> list[bool]:
        for partition in partitions:
            partition._looked_at = float("-inf")
        return [await partition.is_due() for partition in partitions]

    stream = Stream("nats://127.0.0.1:1", WEB.streams(2)[home])  # nothing was counted, so it is never asked
    id_, engine = site_id(*DOOMED.values()), open_engine(database_url)
    facts = [
        SiteAdded(originator_id=id_, originator_version=1, **begun, tenant=DOOMED["tenant"], key=DOOMED["site"]),
        SiteErasureBegun(originator_id=id_, originator_version=2, **begun),
        SiteErased(originator_id=id_, originator_version=3, **begun, stream=f"EVENTS_WEB_{1 - home}", erased=((1, 9),)),
    ]
    seen = []
    async with engine.begin() as connection:
        await begin_reading(connection, utc_now())
    for seq, fact in enumerate(facts, start=1):
        async with engine.begin() as connection:
            await keep(connection, [Sequenced(seq=seq, message_id="", event=fact)])
        seen.append(await due())
    for partition in partitions:
        await partition.give_up(stream)
    assert [*seen, await due()] == [[False, False], [True, False], [True, True], [False, False]]
    for closing in (*(partition.close() for partition in partitions), engine.dispose()):
        await closing


async def test_a_site_that_is_added_again_counts_anew(facts: Facts, erasure: Erasure, tables: Tables, database_url: str):
    await facts.publish(*doomed(20))
    async with keeping(facts, database_url), projecting(facts.nats_url, database_url) as running:
        await until(lambda: _counts(tables, 20), watching=running)
        await erasure.erase()
        await until(gone_from(tables), watching=running)
        await erasure.add()
        await facts.publish(*doomed(3))
        await until(lambda: _counts(tables, 3), watching=running)
        visits = await tables.count("visits")
    await rebuild(facts, tables, database_url)
    assert (await tables.count("hits"), await tables.count("visits")) == (3, visits)


async def test_what_an_added_site_counted_before_the_erasure_was_heard_of_is_there_after_it(
    facts: Facts, erasure: Erasure, tables: Tables, database_url: str
):
    await facts.publish(*doomed(20), *traffic(5, seed=7))
    await erasure.erase()
    await erasure.add()
    anew = doomed(3)
    await facts.publish(anew[0], *traffic(5, seed=8), *anew[1:], pageview("/\0", **DOOMED))
    await facts.repeat(anew[1])
    await project_all(facts, tables, database_url)
    counted, totals = await rows(tables), await tables.rows("SELECT * FROM totals ORDER BY tenant")
    async with keeping(facts, database_url), projecting(facts.nats_url, database_url) as running:
        await until(erased_sites(tables), watching=running)
    assert await rows(tables) == counted
    assert await tables.rows("SELECT * FROM totals ORDER BY tenant") == totals
    await rebuild(facts, tables, database_url)
    assert await rows(tables) == counted


def erased_sites(tables: Tables) -> Callable[[], Awaitable[bool]]:
    async def are_there() -> bool:
        last = "SELECT count(*) FROM erased_sites JOIN erasures USING (tenant, site, seq)"
        return bool(await tables.value(last)) and bool(await tables.value("SELECT count(*) FROM control_things"))

    return are_there


async def _counts(tables: Tables, many: int) -> bool:
    return await tables.count("hits") == many
