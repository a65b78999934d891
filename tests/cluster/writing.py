"""Writing: one visitor on two sites, whose browser sends every event under its id until it is told that it is stored."""

import asyncio
import contextlib
import itertools
import random
from collections.abc import AsyncIterator, Sequence

import httpx

from collector.record import uuid8
from tests.faults.role import Role
from tests.faults.waiting import until

TENANT = "main"
# One for each partition.
SITES = ("shop.example", "blog.example")
FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:145.0) Gecko/20100101 Firefox/145.0"
WRITERS = 4
ANSWER_SECONDS = 4.0
PAUSE_SECONDS = 0.02

_numbers = itertools.count(1)


class Writing:
    """The ids of the events that were acknowledged, and the writers that go on adding to them."""

    def __init__(self, ingests: Sequence[Role]) -> None:
        self.stored: set[str] = set()
        self.refused: list[int] = []
        self._ingests = ingests
        self._stop = asyncio.Event()

    async def goes_on(self, events: int = 40) -> None:
        """Return once as many more events have been stored as *events* says."""
        goal = len(self.stored) + events
        await until(lambda: len(self.stored) >= goal, "events are taken")
        assert self.refused == [], "an event that is in order is stored, now or later"

    async def write(self) -> None:
        async with httpx.AsyncClient(trust_env=False, timeout=ANSWER_SECONDS, headers={"User-Agent": FIREFOX}) as http:
            while not self._stop.is_set():
                number = next(_numbers)
                await self._insist(http, SITES[number % 2], f"event-{number}")
                await asyncio.sleep(PAUSE_SECONDS)

    async def _insist(self, http: httpx.AsyncClient, site: str, key: str) -> None:
        while True:
            status = await self._told(http, {"domain": site, "pathname": "/", "id": key})
            if 200 <= status < 300:
                self.stored.add(uuid8(TENANT, site, key))
                return
            if 400 <= status < 500:
                self.refused.append(status)
                return
            await asyncio.sleep(5 * PAUSE_SECONDS)

    async def _told(self, http: httpx.AsyncClient, event: dict[str, str]) -> int:
        port = random.choice(self._ingests).port
        try:
            return (await http.post(f"http://127.0.0.1:{port}/api/event", json=event)).status_code
        except httpx.TransportError:
            return 0

    def stop(self) -> None:
        self._stop.set()


@contextlib.asynccontextmanager
async def writing(ingests: Sequence[Role]) -> AsyncIterator[Writing]:
    """Have events written to *ingests* for the length of the block, and wait until the last of them is stored."""
    events = Writing(ingests)
    writers = [asyncio.create_task(events.write()) for _ in range(WRITERS)]
    try:
        yield events
        events.stop()
        async with asyncio.timeout(60):
            await asyncio.gather(*writers)
    finally:
        for writer in writers:
            writer.cancel()
        await asyncio.gather(*writers, return_exceptions=True)
