"""Asking on: one question after the other to the query application while a test does something else."""

import asyncio
import contextlib
import itertools
import time
from collections.abc import AsyncIterator, Sequence
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any, TypeAlias

from httpx import AsyncClient
from msgspec import Struct

SITE = "site-1.example"
NOW = datetime(2026, 11, 21, tzinfo=UTC)
# Every day of traffic().
FIRST, LAST = "2026-10-30", "2026-11-03"
METRICS = ("visitors", "visits", "pageviews", "views_per_visit", "bounce_rate", "visit_duration", "events")


class Question(StrEnum):
    """Several numbers in one answer: of each page by the query in JSON, and of the site by the tiles."""

    PAGES = "pages"
    TILES = "tiles"


# What is told, without when the newest fact was received.
Said: TypeAlias = Any


class Answer(Struct, frozen=True, kw_only=True):
    """What was answered to a question that was asked at ``asked``, and came at ``came``."""

    question: Question
    asked: float
    came: float
    status: int
    said: Said


async def ask(client: AsyncClient, question: Question = Question.PAGES) -> Answer:
    """Ask *question* and return whatever the answer is."""
    asked = time.monotonic()
    if question is Question.PAGES:
        response = await ask_pages(client, METRICS)
        said = response.json().get("results")
    else:
        days = {"period": "custom", "from": FIRST, "to": LAST}
        response = await client.get(f"/api/stats/{SITE}/overview", params=days)
        said = {name: number for name, number in response.json().items() if name != "as_of"}
    return Answer(question=question, asked=asked, came=time.monotonic(), status=response.status_code, said=said)


async def ask_pages(client: AsyncClient, metrics: Sequence[str]) -> Any:
    """Ask for *metrics* of each page, and return the response."""
    asked = {"site_id": SITE, "metrics": list(metrics), "dimensions": ["event:page"], "order_by": [["event:page", "asc"]]}
    return await client.post("/api/v1/query", json=asked | {"date_range": [FIRST, LAST]})


@contextlib.asynccontextmanager
async def asking_on(client: AsyncClient, *, a_second: int, at_once: int = 4) -> AsyncIterator[list[Answer]]:
    """Ask on for the length of the block, so many questions *a_second* where the machine can answer them."""
    answers: list[Answer] = []
    stop = asyncio.Event()

    async def go_on() -> None:
        for question in itertools.cycle(Question):
            if stop.is_set():
                return
            answers.append(await ask(client, question))
            await asyncio.sleep(max(0.0, answers[-1].asked + at_once / a_second - time.monotonic()))

    tasks = [asyncio.create_task(go_on()) for _ in range(at_once)]
    try:
        yield answers
    finally:
        stop.set()
        await asyncio.gather(*tasks)
