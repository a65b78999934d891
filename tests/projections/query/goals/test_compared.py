"""Goals and funnels are compared as everything else is: with the days before, the year before, or days of one's own choice."""

from datetime import timedelta
from typing import Any

import pytest

from contracts.control.goals import Condition
from contracts.events import Place, Source
from contracts.events.envelope import Money
from tests.facts import ANNA, BERT, event, pageview
from tests.projections.control.deciding import decided, funnel, goal, site
from tests.projections.query.world import NOW, SITE, World

DAY, MINUTE = timedelta(days=1), timedelta(minutes=1)
YEAR = timedelta(days=365)
PRICING, SIGNUP = Condition(page="/pricing*"), Condition(event="Signup")
NOW_AND = {"period": "7d", "compare": "previous"}


@pytest.fixture
async def shop(world: World) -> World:
    """This week Anna and Bert looked at prices and Anna signed up; the week before and a year ago it was Bert alone, twice."""
    norway, letter = Place(country="NO"), Source(name="letter")
    for ago in (8 * DAY, YEAR + DAY):
        await world.tell(
            pageview("/pricing", at=NOW - ago, visitor=BERT, source=letter),
            event("Signup", at=NOW - ago + MINUTE, visitor=BERT, revenue=Money(amount="5", currency="EUR")),
            event("Signup", at=NOW - ago + 2 * MINUTE, visitor=BERT),
        )
    await world.tell(
        pageview("/pricing", at=NOW - DAY, visitor=ANNA, place=norway),
        event("Signup", at=NOW - DAY + MINUTE, visitor=ANNA, revenue=Money(amount="9.90", currency="EUR")),
        pageview("/pricing", at=NOW - DAY, visitor=BERT, place=norway),
    )
    await decided(world.database_url, site(SITE), goal("signup", SIGNUP, counts_revenue=True), funnel("sales", PRICING, SIGNUP))
    return world


OTHERS = {
    "the days before": {"compare": "previous"},
    "the year before": {"compare": "year"},
    "the weekdays of the year before": {"compare": "year_weekdays"},
    "days of one's own choice": {
        "compare": "custom",
        "compare_from": f"{NOW - 9 * DAY:%Y-%m-%d}",
        "compare_to": f"{NOW - 7 * DAY:%Y-%m-%d}",
    },
}


@pytest.mark.parametrize("others", OTHERS.values(), ids=OTHERS)
async def test_a_goal_stands_beside_what_it_was_in_the_other_days(shop: World, others: dict[str, str]):
    answer = await shop.ask("goals", period="7d", **others)
    (row,) = answer["goals"]
    assert (row["visitors"], row["conversions"], row["rate"]) == (1, 1, 50.0)
    assert row["previous"] == {
        "visitors": 1,
        "conversions": 2,
        "rate": 100.0,
        "value": [{"currency": "EUR", "amount": "5"}],
    }
    assert row["change"] == {"visitors": 0.0, "conversions": -50.0, "rate": -50.0}
    assert answer["previous"]["visitors"] == 1
    as_overview = await shop.ask("overview", period="7d", **others)
    assert {answer["previous"][name] == as_overview["previous"][name] for name in ("since", "until")} == {True}
    one = await shop.ask("goals/signup", period="7d", **others)
    assert {name: one["goal"][name] for name in ("previous", "change")} == {name: row[name] for name in ("previous", "change")}
    assert one["previous"] == answer["previous"]


async def test_a_funnel_stands_beside_what_it_was(shop: World):
    answer = await shop.ask("funnels/sales", **NOW_AND)
    assert [step["visitors"] for step in answer["steps"]] == [2, 1]
    assert [step["previous"] for step in answer["steps"]] == [
        {"visitors": 1, "rate": 100.0, "of_first": 100.0, "of_previous": 100.0}
    ] * 2
    assert answer["steps"][1]["change"] == {"visitors": 0.0, "rate": -50.0, "of_first": -50.0, "of_previous": -50.0}
    assert answer["previous"]["visitors"] == 1


async def test_buckets_and_values_stand_beside_their_like_and_what_only_the_others_have_comes_last(shop: World):
    one = await shop.ask("goals/signup", **NOW_AND)
    series = await shop.ask("timeseries", **NOW_AND)
    assert [point["previous"] and point["previous"]["start"] for point in one["points"]] == [
        point["previous_start"] for point in series["points"]
    ]
    assert [point["previous"]["conversions"] for point in one["points"] if point["previous"]["conversions"]] == [2]
    rows = (await shop.ask("goals/signup/breakdown/source", **NOW_AND))["rows"]
    found: list[Any] = [(row["value"], row["conversions"], row["previous"]["conversions"], row["change"]) for row in rows]
    assert found == [
        ("Direct", 1, 0, {"visitors": None, "conversions": None, "rate": 50.0}),
        ("letter", 0, 2, {"visitors": -100.0, "conversions": -100.0, "rate": -100.0}),
    ]
    cut = await shop.ask("goals/signup/breakdown/source", limit=1, **NOW_AND)
    assert ([row["value"] for row in cut["rows"]], cut["more"]) == (["Direct"], True)


async def test_nothing_is_compared_that_nobody_has_asked_to_compare(shop: World):
    for asked in ({}, {"compare": "none"}):
        for path in ("goals", "goals/signup", "goals/signup/breakdown/source", "funnels/sales"):
            response = await shop.get(f"/api/stats/{SITE}/{path}", period="7d", **asked)
            assert "previous" not in response.text.replace("of_previous", "")
            assert "change" not in response.text


async def test_what_cannot_be_compared_is_named(shop: World):
    for field, asked in {
        "compare": {"compare": "'; DROP TABLE hits"},
        "compare_from": {"compare": "custom", "compare_from": "0000-01-01", "compare_to": "2026-01-01"},
        "compare_to": {"compare_to": "2026-01-01"},
    }.items():
        for path in ("goals", "goals/signup", "funnels/sales"):
            wrong = await shop.get(f"/api/stats/{SITE}/{path}", **asked)
            assert (wrong.status_code, wrong.json()["field"], "DROP" in wrong.text) == (400, field, False)
