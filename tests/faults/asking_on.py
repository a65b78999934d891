"""Asking on: one question after the other to the query application while a test does something else."""

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Any

from httpx import AsyncClient
from msgspec import Struct

# Every number of a site's days that a fact of traffic() can have part in, by page.
SITE = "site-1.example"
QUESTION = {
    "site_id": SITE,
    "metrics": ["visitors", "visits", "pageviews", "events"],
    "dimensions": ["event:page"],
    "date_range": ["2026-10-30", "2026-11-03"],
}
NOW = datetime(2026, 11, 21, tzinfo=UTC)
ASKING_AT_ONCE = 4


class Answer(Struct, frozen=True, kw_only=True):
    """What was answered to a question that was asked at ``asked``, and came at ``came``."""

    asked: float
    came: float
    status: int
    rows: Any


async def ask(client: AsyncClient, question: dict[str, Any] = QUESTION) -> Answer:
    """Ask *question* and return whatever the answer is."""
    asked = time.monotonic()
    response = await client.post("/api/v1/query", json=question)
    came = time.monotonic()
    return Answer(asked=asked, came=came, status=response.status_code, rows=response.json().get("results"))


@contextlib.asynccontextmanager
async def asking_on(client: AsyncClient, *, a_second: int) -> AsyncIterator[list[Answer]]:
    """Ask on for the length of the block, so many questions *a_second* where the machine can answer them."""
    pause = ASKING_AT_ONCE / a_second
    answers: list[Answer] = []
    stop = asyncio.Event()

    async def go_on() -> None:
        while not stop.is_set():
            answers.append(await ask(client))
            await asyncio.sleep(max(0.0, answers[-1].asked + pause - time.monotonic()))

    tasks = [asyncio.create_task(go_on()) for _ in range(ASKING_AT_ONCE)]
    try:
        yield answers
    finally:
        stop.set()
        await asyncio.gather(*tasks)
