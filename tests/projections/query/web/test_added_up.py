"""Whatever is asked, what was added up of closed days and the facts themselves give the same answer, in every time zone."""

import asyncio
import itertools
from collections.abc import AsyncIterator
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from contracts.events import Channel, Device, Source
from projections.database import open_engine
from projections.projector.freshening import freshen_all
from projections.query.metrics import METRICS
from projections.read_models.rollups.numbering import NUMBERS
from tests.facts import pageview
from tests.projections.query.rolled import DAYS, FIRST, SITE, ZONES, Rolled, noted, open_rolled, told
from tests.projections.query.world import World
from tests.projections.world import read_generation

DIMENSIONS = (
    "page",
    "entry_page",
    "exit_page",
    "source",
    "country",
    "device",
    "browser",
    "os_version",
    "event",
    "hostname",
    "bot",
)
FILTERS = ("country:NO", "country:", "source:Google", "source!:Google", "page:/1", "event:signup", "device:mobile")


@pytest.fixture
async def world(database_url: str) -> AsyncIterator[World]:
    async with open_rolled(database_url) as made:
        yield made


@st.composite
def questions(draw: st.DrawFn) -> dict[str, Any]:
    first = FIRST + timedelta(days=draw(st.integers(-1, DAYS)))
    last = first + timedelta(days=draw(st.integers(0, DAYS)))
    return {
        "period": "custom",
        "from": first.isoformat(),
        "to": last.isoformat(),
        "timezone": draw(st.sampled_from(ZONES)),
        "who": draw(st.sampled_from(["human", "human", "bot", "all"])),
        "filter": draw(st.lists(st.sampled_from(FILTERS), max_size=2, unique=True)),
        "interval": draw(st.sampled_from(["hour", "day", "day", "week", "month"])),
        "metric": draw(st.sampled_from([metric.name for metric in METRICS])),
    }


async def answers(world: World, question: dict[str, Any], dimension: str) -> list[Any]:
    asked = {name: value for name, value in question.items() if value}
    return [
        await world.ask("overview", site=SITE, **asked),
        await world.ask("timeseries", site=SITE, **asked),
        await world.ask(f"breakdown/{dimension}", site=SITE, limit=5, **asked),
        await world.ask(f"breakdown/{dimension}", site=SITE, limit=3, offset=2, sort="value", **asked),
    ]


@pytest.fixture
def rolled(monkeypatch: pytest.MonkeyPatch) -> list[bool]:
    return noted(monkeypatch)


async def test_closed_days_that_were_added_up_answer_as_their_facts_do(world: Rolled, rolled: list[bool]):
    await world.freshen()
    late = told(seed=6, count=60)

    @settings(max_examples=12, suppress_health_check=list(HealthCheck))
    @given(st.lists(st.tuples(questions(), st.sampled_from(DIMENSIONS)), min_size=3, max_size=3))
    def drawn(asked: list[tuple[dict[str, Any], str]]) -> None:
        wanted.extend(asked)

    wanted: list[tuple[dict[str, Any], str]] = []
    await asyncio.to_thread(drawn)
    wanted = wanted[:36]
    fresh = [await answers(world, *each) for each in wanted]
    assert sum(rolled) > len(rolled) / 10, "much of what can be added up was, which is a third of what is drawn"
    await world.spoil()
    rolled.clear()
    assert fresh == [await answers(world, *each) for each in wanted]
    assert not any(rolled)
    # Late facts make some days dirty, and the others stay as they are.
    await world.freshen()
    await world.tell(*late[:6])
    half = [await answers(world, *each) for each in wanted[:12]]
    assert any(rolled)
    await world.spoil()
    assert half == [await answers(world, *each) for each in wanted[:12]]


async def test_who_came_from_two_of_the_values_that_are_asked_for_is_one_visitor(world: Rolled):
    begins, later = datetime(2026, 10, 3, 9, tzinfo=UTC), timedelta(hours=2)
    for source, at in (("Google", begins), ("Bing", begins + later)):
        await world.tell(pageview(at=at, site="two.example", source=Source(name=source, channel=Channel.ORGANIC_SEARCH)))
    await world.freshen()
    asked = {"period": "custom", "from": "2026-10-02", "to": "2026-10-04", "filter": ["source:Google", "source:Bing"]}
    answer = await world.ask("overview", site="two.example", **asked)
    assert (answer["visitors"], answer["visits"], answer["pageviews"]) == (1, 2, 2)


async def test_a_value_too_many_is_answered_from_facts(world: Rolled):
    await world.tell(
        *(pageview(f"/many/{number}", at=datetime(2026, 10, 3, 12, tzinfo=UTC), site=SITE) for number in range(40))
    )
    asked = {"period": "custom", "from": "2026-10-02", "to": "2026-10-07", "limit": 1000}
    before = await world.ask("breakdown/page", site=SITE, **asked)
    generation = await read_generation(world.database_url)
    engine = open_engine(world.database_url, schema=generation.schema)
    await freshen_all(engine, date(2026, 11, 1), most=20)
    await engine.dispose()
    assert await world.ask("breakdown/page", site=SITE, **asked) == before
    assert len(before["rows"]) > 40


async def test_every_dimension_that_is_added_up_answers_as_its_facts_do(world: Rolled, rolled: list[bool]):
    device = Device(browser="Firefox", browser_version="143", os="Windows", os_version="11")
    noon = datetime(2026, 10, 3, 12, tzinfo=UTC)
    await world.tell(*(pageview(at=noon, site=SITE, device=device, visitor=f"{who:02x}" * 16) for who in (200, 201)))
    asked = {"period": "custom", "from": "2026-10-02", "to": "2026-10-07"}

    async def answered() -> list[Any]:
        questions = itertools.product(NUMBERS, ({}, {"search": "o"}, {"compare": "previous"}))
        return [await world.ask(f"breakdown/{name}", site=SITE, **asked, **more) for name, more in questions]

    from_facts = await answered()
    assert not any(rolled)
    await world.freshen()
    assert await answered() == from_facts
    assert any(rolled)
