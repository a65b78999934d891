"""Filters choose visits, and with them the hits that count."""

from datetime import timedelta

import pytest

from contracts.events import Place, Source
from tests.facts import ANNA, BERT, event, pageview
from tests.projections.query.world import NOW, World

MINUTE = timedelta(minutes=1)
CARL = "c3" * 16


@pytest.fixture
async def three(world: World) -> World:
    """Anna from a newsletter reads two pages and signs up; Bert comes directly; Carl, of an unknown country, reads one page."""
    at = NOW - 60 * MINUTE
    letter = Source(name="newsletter", utm_source="newsletter")
    norway, sweden = Place(country="NO"), Place(country="SE")
    await world.tell(
        pageview("/", at=at, visitor=ANNA, source=letter, place=norway),
        pageview("/pricing", at=at + MINUTE, visitor=ANNA, place=norway),
        event("Signup", at=at + 2 * MINUTE, visitor=ANNA, place=norway),
        pageview("/", at=at, visitor=BERT, place=sweden),
        pageview("/docs", at=at + MINUTE, visitor=BERT, place=sweden),
        pageview("/pricing", at=at, visitor=CARL),
    )
    return world


@pytest.mark.parametrize(
    ("filters", "visitors", "pageviews"),
    [
        ([], 3, 5),
        (["source:newsletter"], 1, 2),
        (["source!:newsletter"], 2, 3),
        (["country:NO", "country:SE"], 2, 4),
        (["country!:NO", "country!:SE"], 1, 1),
        (["country:"], 1, 1),
        (["page:/pricing"], 2, 2),
        (["page:/pricing", "source:newsletter"], 1, 1),
        (["page:/pricing", "page:/docs"], 3, 3),
        (["page!:/pricing"], 1, 2),
        (["event:Signup"], 1, 2),
        (["event!:Signup"], 2, 3),
        (["entry_page:/pricing"], 1, 1),
        (["exit_page:/pricing", "entry_page:/"], 1, 2),
        (["hostname:example.org"], 3, 5),
        (["page:/nowhere"], 0, 0),
        (["bot:Googlebot"], 0, 0),
    ],
)
async def test_a_filter_keeps_visits_and_their_pageviews(three: World, filters: list[str], visitors: int, pageviews: int):
    answer = await three.ask("overview", period="today", filter=filters)
    assert (answer["visitors"], answer["pageviews"]) == (visitors, pageviews)


FILTERS = (
    *([], ["page:/pricing"], ["page:/"], ["page:/pricing", "page:/docs"], ["page:/", "source:newsletter"], ["page!:/docs"]),
    *(["hostname:example.org"], ["hostname:elsewhere.example"], ["event:Signup"], ["page:/", "event:Signup"]),
    *(["entry_page:/"], ["country:NO"], ["bot:Googlebot"], ["page:/nowhere"]),
)


async def test_numbers_agree_with_their_neighbours(three: World):
    await three.tell(pageview("/pricing", at=NOW - 59 * MINUTE, visitor=CARL), pageview("/", at=NOW, visitor=BERT))
    for filters in FILTERS:
        answer = await three.ask("overview", period="today", filter=filters)
        views, visits = answer["pageviews"], answer["visits"]
        assert answer["views_per_visit"] == (round(views / visits, 2) if visits else None), filters
        points = await three.points(period="today", interval="day", metric="views_per_visit", filter=filters)
        assert [value for _, value in points] == [answer["views_per_visit"]], filters


async def test_every_answer_obeys_the_same_filters(three: World):
    asked = {"period": "today", "filter": "source:newsletter"}
    assert await three.values("page", **asked) == {"/": 1, "/pricing": 1}
    assert await three.values("event", "events", **asked) == {"Signup": 1}
    assert await three.values("country", **asked) == {"NO": 1}
    assert sum(value or 0 for _, value in await three.points(metric="pageviews", **asked)) == 2
    assert (await three.ask("realtime", filter="source:newsletter"))["visitors"] == 0


async def test_a_filter_by_event_shows_the_pages_of_those_visits(three: World):
    assert await three.values("page", period="today", filter="event:Signup") == {"/": 1, "/pricing": 1}


async def test_a_filter_by_page_shows_the_sources_that_led_to_it(three: World):
    assert await three.values("source", period="today", filter="page:/pricing") == {"Direct": 1, "newsletter": 1}


async def test_another_visit_of_the_same_visitor_is_not_kept(world: World):
    await world.tell(
        pageview("/pricing", at=NOW - 300 * MINUTE),
        pageview("/docs", at=NOW - 60 * MINUTE),
        event("Signup", at=NOW - 59 * MINUTE),
    )
    answer = await world.ask("overview", period="today", filter="event:Signup")
    assert (answer["visits"], answer["pageviews"]) == (1, 1)
    assert await world.values("page", period="today", filter="event:Signup") == {"/docs": 1}


HOSTILE = (
    "' OR 1=1 --",
    "'; DROP TABLE hits; --",
    "%' OR '1'='1",
    "\\'; SELECT pg_sleep(10); --",
    "$1",
    ":name",
    "{visitors}",
    "/a'/*",
    "\N{REPLACEMENT CHARACTER}",
    "\N{PARROT}",
)


@pytest.mark.parametrize("dimension", ["page", "source", "event"])
async def test_a_value_is_only_ever_a_value(three: World, dimension: str):
    for hostile in HOSTILE:
        answer = await three.ask("overview", period="today", filter=f"{dimension}:{hostile}")
        assert (answer["visitors"], answer["pageviews"]) == (0, 0), hostile
    assert (await three.ask("overview", period="today"))["visitors"] == 3


async def test_a_value_may_hold_colons_and_whatever_a_path_may(world: World):
    await world.tell(pageview("/a:b?!&=é", at=NOW - MINUTE))
    assert (await world.ask("overview", filter="page:/a:b?!&=é"))["pageviews"] == 1
