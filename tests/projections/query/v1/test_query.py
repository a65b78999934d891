"""A query in JSON answers several metrics by several dimensions at once, with the numbers that every other answer has."""

from datetime import timedelta
from itertools import product
from typing import Any

import pytest
from sqlalchemy.event import listen

from contracts.events import Channel, Device, DeviceKind, Place, Source
from tests.facts import BERT, event, pageview
from tests.projections.query.v1.asking import ask, results
from tests.projections.query.world import NOW, World

MINUTE = timedelta(minutes=1)
DAY = timedelta(days=1)
EVERY_METRIC = ["visitors", "visits", "pageviews", "views_per_visit", "bounce_rate", "visit_duration", "events", "percentage"]
OF_VISITS = ["visitors", "visits", "pageviews", "views_per_visit", "bounce_rate", "visit_duration"]
CARL, DORA = "c3" * 16, "d4" * 16
NORWAY = {"place": Place(country="NO"), "source": Source(name="Google", channel=Channel.ORGANIC_SEARCH)}
SWEDEN = {"place": Place(country="SE"), "device": Device(kind=DeviceKind.MOBILE, browser="Firefox", os="Android")}


@pytest.fixture
async def told(world: World) -> World:
    """Four visitors on two days, from two countries, with events, and one who left at once."""
    at = NOW - 90 * MINUTE
    await world.tell(
        *(pageview("/a", at=at, **NORWAY), pageview("/b", at=at + MINUTE, **NORWAY), event("Signup", at=at + 2 * MINUTE)),
        *(pageview("/a", at=at - DAY, visitor=BERT, **SWEDEN), pageview("/a", at=at - DAY + MINUTE, visitor=BERT, **SWEDEN)),
        *(
            pageview("/b", at=at, visitor=CARL, **SWEDEN),
            event("Signup", at=at + MINUTE, visitor=CARL),
            event("Buy", at=at + MINUTE, visitor=CARL),
        ),
        pageview("/c/100%_off", at=at + 40 * MINUTE, visitor=DORA),
    )
    return world


async def test_one_row_without_dimensions_has_every_number_of_the_overview(told: World):
    overview = await told.ask("overview", period="7d")
    found = await results(told, metrics=OF_VISITS)
    assert found == [([], [overview[name] for name in OF_VISITS])]


async def test_the_rows_of_a_day_each_are_the_points_of_the_series(told: World):
    for metric in OF_VISITS:
        points = [(start[:10], value) for start, value in await told.points(metric=metric, period="7d") if value]
        found = await results(told, metrics=[metric], dimensions=["time:day"])
        assert [(day, value) for (day,), (value,) in found if value] == points


async def test_a_row_has_the_numbers_that_a_filter_by_its_value_keeps(told: World):
    metrics = ["visitors", "visits", "bounce_rate", "visit_duration"]
    for name in ("event:page", "visit:country", "visit:source", "event", "visit:entry_page", "visit:utm_source"):
        rows = await results(told, metrics=metrics, dimensions=[name])
        assert rows
        for (value,), numbers in rows:
            kept = await told.ask("overview", period="7d", filter=f"{name.rpartition(':')[2]}:{value}")
            assert numbers == [kept[metric] for metric in metrics], (name, value)


async def test_a_row_of_a_page_counts_its_own_pageviews_alone(told: World):
    rows = await results(told, metrics=["pageviews", "views_per_visit"], dimensions=["event:page"])
    for (page,), numbers in rows:
        kept = await told.ask("overview", period="7d", filter=f"page:{page}")
        assert numbers == [kept["pageviews"], kept["views_per_visit"]]


async def test_of_every_dimension_the_rows_add_up_to_the_whole(told: World):
    for one, other in product(
        ["event:page", "visit:country", "time:day"], ["visit:device", "event:hostname", "visit:exit_page"]
    ):
        rows = await results(told, metrics=["pageviews", "events"], dimensions=[one, other])
        assert [sum(numbers) for numbers in zip(*(numbers for _, numbers in rows), strict=True)] == [6, 3], (one, other)


async def test_dimensions_are_crossed(told: World):
    rows = await results(told, metrics=["visitors", "pageviews"], dimensions=["visit:country", "event:page"])
    assert rows == [
        (["", "/c/100%_off"], [1, 1]),
        (["NO", "/a"], [1, 1]),
        (["NO", "/b"], [1, 1]),
        (["SE", "/a"], [1, 2]),
        (["SE", "/b"], [1, 1]),
    ]


async def test_every_metric_goes_with_every_dimension_of_visits(told: World):
    for dimension in ("visit:source", "visit:channel", "visit:browser", "visit:exit_page", "event:page", "event:hostname"):
        for cuts in ([dimension], [dimension, "time:day"], [dimension, "visit:country"]):
            answer = await ask(told, metrics=EVERY_METRIC, dimensions=cuts, include={"total_rows": True})
            assert answer["meta"]["total_rows"] == len(answer["results"]) > 0


FILTERS: list[tuple[list[Any], int]] = [
    ([["is", "event:page", ["/a"]]], 3),
    ([["is", "event:page", ["/a", "/b"]]], 5),
    ([["is", "event:page", ["/a"]], ["is", "event:page", ["/b"]]], 0),
    ([["is_not", "event:page", ["/a"]]], 2),
    ([["contains", "event:page", ["%_o"]]], 1),
    ([["contains", "event:page", ["_"]]], 1),
    ([["contains_not", "event:page", ["/c"]]], 5),
    ([["starts_with", "event:page", ["/c", "/b"]]], 3),
    ([["ends_with", "event:page", ["off"]]], 1),
    ([["matches_wildcard", "event:page", ["/c/*"]]], 1),
    ([["matches_wildcard", "event:page", ["/**1*%*f"]]], 1),
    ([["matches_wildcard", "event:page", ["/c*"]]], 0),
    ([["matches_wildcard", "event:page", ["/c**"]]], 1),
    ([["matches_wildcard", "event:page", ["**b"]]], 2),
    ([["matches_wildcard_not", "event:page", ["**a"]]], 2),
    ([["is", "visit:country", ["no"]]], 0),
    ([["is", "visit:country", ["no"], {"case_sensitive": False}]], 2),
    ([["contains", "visit:country", ["s"], {"case_sensitive": False}]], 3),
    ([["is", "visit:country", [""]]], 1),
    ([["not", ["is", "visit:country", ["NO"]]]], 4),
    ([["or", [["is", "visit:country", ["NO"]], ["is", "event:page", ["/c/100%_off"]]]]], 3),
    ([["or", [["is", "event:page", ["/a"]], ["is", "visit:device", ["mobile"]]]]], 4),
    ([["and", [["is", "visit:country", ["SE"]], ["is", "event:page", ["/a"]]]]], 2),
    ([["not", ["or", [["is", "visit:country", ["NO"]], ["is", "visit:country", ["SE"]]]]]], 1),
    ([["not", ["and", [["is", "visit:country", ["SE"]], ["is", "event", ["Buy"]]]]]], 5),
    ([["is", "event", ["Signup"]]], 3),
    ([["has_done", ["is", "event:page", ["/a"]]]], 4),
    ([["has_not_done", ["is", "event", ["Signup"]]]], 3),
    ([["has_done", ["is", "event:page", ["/a"]]], ["is", "event:page", ["/b"]]], 1),
]


async def test_filters_keep_what_they_say(told: World):
    for filters, pageviews in FILTERS:
        assert await results(told, metrics=["pageviews"], filters=filters) == [([], [pageviews])], filters
        by_page = await results(told, metrics=["pageviews"], filters=filters, dimensions=["event:page", "visit:country"])
        assert sum(number for _, (number,) in by_page) == pageviews, filters


async def test_what_no_list_of_filters_can_say_is_answered_otherwise_and_the_same(told: World):
    for filters, _ in FILTERS:
        nested = [["or", [["and", filters], ["and", filters]]]]
        flat, other = [await results(told, metrics=OF_VISITS, filters=one) for one in (filters, nested)]
        assert other == flat, filters


PAGE_A, NORWEGIAN = ["is", "event:page", ["/a"]], ["is", "visit:country", ["NO"]]
JOINING: tuple[dict[str, Any], ...] = (
    {"dimensions": ["event:page", "visit:country"]},
    {"filters": [PAGE_A]},
    {"filters": [["has_done", ["and", [PAGE_A, ["not", NORWEGIAN]]]]]},
)
LOOKED_UP: tuple[dict[str, Any], ...] = ({}, {"dimensions": ["time:day"]}, {"filters": [["or", [PAGE_A, NORWEGIAN]]]})


async def test_whole_visits_and_facts_are_joined_without_comparing_each_with_each(told: World):
    # In a month that nobody has analysed yet Postgres would take a loop within a loop, and find no end of some thousand facts.
    assert told.app is not None
    said: list[str] = []
    listen(told.app.state.engine.sync_engine, "before_cursor_execute", lambda *of: said.append(of[2]))
    for asked in (*JOINING, *LOOKED_UP):
        said.clear()
        await results(told, **asked)
        assert any("enable_nestloop" in statement for statement in said) is (asked in JOINING), asked
