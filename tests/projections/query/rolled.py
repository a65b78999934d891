"""A world whose closed days are added up when it is told to, so that both ways to an answer can be told apart."""

import random
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from msgspec.structs import replace

from contracts.events import WebEvent
from projections.database import open_engine
from projections.projector.freshening import freshen_all
from projections.query import counts
from tests.conftest import run_sql
from tests.facts import traffic
from tests.projections.query.world import World, open_world
from tests.projections.world import read_generation

SITE = "site-1.example"
# Offsets of quarters of an hour, and clocks that change on these days: by an hour, and by half an hour.
ZONES = (
    "UTC",
    "Europe/Oslo",
    "America/St_Johns",
    "Asia/Kathmandu",
    "Asia/Kolkata",
    "Australia/Sydney",
    "Australia/Lord_Howe",
    "Pacific/Chatham",
    "Pacific/Kiritimati",
    "America/Los_Angeles",
)
FIRST = date(2026, 10, 2)
DAYS = 6
# Sydney's clock goes forward on the fourth of October.
EARLIER = timedelta(days=29)


def told(seed: int, count: int) -> list[WebEvent]:
    """Return facts of some days around a change of clocks, in no order."""
    facts = [
        replace(fact, occurred_at=fact.occurred_at - EARLIER, salt_day=fact.salt_day - EARLIER)
        for fact in traffic(count, seed=seed, visitors=60, days=DAYS)
    ]
    random.Random(seed).shuffle(facts)
    return facts


class Rolled(World):
    """A world whose closed days are added up when it is told to."""

    async def freshen(self) -> int:
        generation = await read_generation(self.database_url)
        engine = open_engine(self.database_url, schema=generation.schema)
        try:
            return await freshen_all(engine, datetime(2026, 11, 1, tzinfo=UTC).date())
        finally:
            await engine.dispose()

    async def spoil(self) -> None:
        """Have every answer come from facts."""
        await run_sql(self.database_url, "UPDATE web_g1.site_days SET state = 0")


@asynccontextmanager
async def open_rolled(database_url: str) -> AsyncIterator[Rolled]:
    """Lend such a world with some days of facts, none of which is added up yet."""
    async with open_world(database_url) as made:
        made.__class__ = Rolled
        facts = told(seed=5, count=900)
        for first in range(0, len(facts), 200):
            await made.tell(*facts[first : first + 200])
        yield made


def noted(monkeypatch: pytest.MonkeyPatch) -> list[bool]:
    """Note of every count whether any of it came from what was added up."""
    seen: list[bool] = []
    real = counts._added_up

    async def noting(*asked: Any) -> Any:
        found = await real(*asked)
        seen.append(found is not None)
        return found

    monkeypatch.setattr(counts, "_added_up", noting)
    return seen
