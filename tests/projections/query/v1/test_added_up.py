"""A query of several metrics by one dimension takes what was added up where it can, and answers as the facts do."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from projections.read_models.rollups.numbering import NUMBERS
from tests.projections.query.rolled import DAYS, FIRST, SITE, ZONES, Rolled, noted, open_rolled, told
from tests.projections.query.v1.asking import ADDRESS

OF_VISITS = ["visitors", "visits", "pageviews", "events", "views_per_visit", "bounce_rate", "visit_duration"]
WHOLE = {"date_range": ["2026-10-01", "2026-10-09"]}


@pytest.fixture
async def world(database_url: str) -> AsyncIterator[Rolled]:
    async with open_rolled(database_url) as made:
        yield made


@pytest.fixture
def rolled(monkeypatch: pytest.MonkeyPatch) -> list[bool]:
    return noted(monkeypatch)


async def ask(world: Rolled, **body: Any) -> Any:
    response = await world.client.post(ADDRESS, json={"site_id": SITE, "metrics": ["visitors"], **body})
    assert response.status_code == 200, response.text
    return response.json()["results"]


@st.composite
def queries(draw: st.DrawFn) -> dict[str, Any]:
    first = FIRST + timedelta(days=draw(st.integers(-1, DAYS)))
    dimension = draw(st.sampled_from(sorted(NUMBERS)))
    known = OF_VISITS if dimension != "event" else ["visitors", "visits", "events", "bounce_rate"]
    metrics = draw(st.lists(st.sampled_from(known), min_size=2, max_size=4, unique=True))
    return {
        "metrics": metrics,
        "dimensions": [dimension],
        "date_range": [first.isoformat(), (first + timedelta(days=draw(st.integers(0, DAYS)))).isoformat()],
        "timezone": draw(st.sampled_from(ZONES)),
        "who": draw(st.sampled_from(["human", "human", "bot", "all"])),
        "order_by": [[draw(st.sampled_from(metrics)), draw(st.sampled_from(["asc", "desc"]))]],
        "include": {"total_rows": draw(st.booleans())}
        | draw(st.sampled_from([{}, {"comparisons": {"mode": "previous_period"}}])),
    }


async def test_it_answers_from_what_was_added_up_as_from_facts(world: Rolled, rolled: list[bool]):
    wanted: list[dict[str, Any]] = []

    @settings(max_examples=24, suppress_health_check=list(HealthCheck))
    @given(queries())
    def drawn(query: dict[str, Any]) -> None:
        wanted.append(query)

    await asyncio.to_thread(drawn)
    await world.freshen()
    fresh = [await ask(world, **query) for query in wanted]
    assert any(rolled)
    await world.spoil()
    rolled.clear()
    assert fresh == [await ask(world, **query) for query in wanted]
    assert not any(rolled)
    # Late facts make some days dirty, and the others stay as they are.
    await world.freshen()
    await world.tell(*told(seed=6, count=60)[:20])
    half = [await ask(world, **query) for query in wanted[:8]]
    await world.spoil()
    assert half == [await ask(world, **query) for query in wanted[:8]]


@pytest.mark.parametrize(
    ("metrics", "dimension", "parts"),
    [
        (OF_VISITS, "visit:country", [True, True, True]),
        (["visitors", "pageviews"], "event:page", [True]),
        (["visitors", "bounce_rate"], "event:page", [True, False]),
        (["visitors", "events"], "event:event", [True]),
        (["visitors", "visits"], "visit:browser_version", [True]),
    ],
)
async def test_each_metric_that_can_be_added_up_is(
    world: Rolled, rolled: list[bool], metrics: list[str], dimension: str, parts: list[bool]
):
    from_facts = await ask(world, metrics=metrics, dimensions=[dimension], **WHOLE)
    await world.freshen()
    rolled.clear()
    assert await ask(world, metrics=metrics, dimensions=[dimension], **WHOLE) == from_facts
    assert from_facts
    assert sorted(rolled) == sorted(parts)


@pytest.mark.parametrize(
    "more",
    [
        {"dimensions": ["visit:country", "visit:device"]},
        {"dimensions": ["visit:country", "time:day"]},
        {"dimensions": ["visit:country"], "filters": [["is", "event:page", ["/"]]]},
        {"dimensions": ["visit:utm_source"]},
        {"dimensions": ["visit:country"], "who": "all"},
    ],
    ids=[
        "two dimensions",
        "a dimension by day",
        "a filter",
        "one whose blanks were not added up",
        "people and robots together",
    ],
)
async def test_what_was_never_added_up_is_answered_from_facts(world: Rolled, rolled: list[bool], more: dict[str, Any]):
    asked = {"metrics": ["visitors", "visits", "pageviews"], **WHOLE, **more}
    from_facts = await ask(world, **asked)
    await world.freshen()
    rolled.clear()
    assert await ask(world, **asked) == from_facts
    assert not any(rolled)
