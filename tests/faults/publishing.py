"""Publishing: facts that go on arriving while a test does something else."""

import asyncio
import contextlib
from collections.abc import AsyncIterator

from tests.facts import pageview
from tests.faults.waiting import until
from tests.projections.world import Facts, Tables


class Publishing:
    """How many facts have been published so far."""

    def __init__(self) -> None:
        self.count = 0
        self._stop = asyncio.Event()

    async def go_on(self, facts: Facts) -> None:
        while not self._stop.is_set():
            await facts.publish(pageview())
            self.count += 1
            await asyncio.sleep(0.005)  # a pace that leaves the others something of the machine

    def stop(self) -> None:
        self._stop.set()


@contextlib.asynccontextmanager
async def publishing(facts: Facts) -> AsyncIterator[Publishing]:
    """Publish one fact after the other for the length of the block."""
    facts_so_far = Publishing()
    task = asyncio.create_task(facts_so_far.go_on(facts))
    try:
        yield facts_so_far
    finally:
        facts_so_far.stop()
        await task


async def counted_once(tables: Tables, count: int) -> None:
    """Wait until *count* facts have been dealt with, and make sure that every one of them was applied once."""

    async def dealt_with() -> bool:
        return await tables.dealt_with() >= count

    await until(dealt_with, f"{count} facts are dealt with")
    assert await tables.rows("SELECT applied, duplicates, quarantined FROM positions") == [
        {"applied": count, "duplicates": 0, "quarantined": 0}
    ]
    assert await tables.count("hits") == count
    assert await tables.value("SELECT sum(pageviews + events)::int FROM visits") <= count
    assert await tables.count("quarantine") == 0
