"""A breakdown comes in any order and to its last row, and a site's own days are the default of every question about it."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from contracts.events import Place
from projections.query.periods import Days, Period, fitting_intervals, named_days, stepped
from tests.facts import ANNA, BERT, event, pageview
from tests.projections.control.deciding import decided, named, site
from tests.projections.query.world import NOW, SITE, World

MINUTE = timedelta(minutes=1)


def days(first: str, last: str) -> Days:
    return Days(date.fromisoformat(first), date.fromisoformat(last))


@pytest.mark.parametrize(
    ("here", "before", "after"),
    [
        (("2026-11-18", "2026-11-18"), ("2026-11-17", "2026-11-17"), ("2026-11-19", "2026-11-19")),
        (("2026-11-12", "2026-11-18"), ("2026-11-05", "2026-11-11"), ("2026-11-19", "2026-11-25")),
        (("2026-03-01", "2026-03-31"), ("2026-02-01", "2026-02-28"), ("2026-04-01", "2026-04-30")),
        (("2026-01-01", "2026-12-31"), ("2025-01-01", "2025-12-31"), ("2027-01-01", "2027-12-31")),
        (("2025-12-01", "2026-01-31"), ("2025-10-01", "2025-11-30"), ("2026-02-01", "2026-03-31")),
        (("2026-03-01", "2026-03-30"), ("2026-01-30", "2026-02-28"), ("2026-03-31", "2026-04-29")),
    ],
)
def test_the_days_before_and_after_are_as_many_days_or_as_many_months(
    here: tuple[str, str], before: tuple[str, str], after: tuple[str, str]
):
    assert stepped(days(*here), back=True) == days(*before)
    assert stepped(days(*here), back=False) == days(*after)


@pytest.mark.parametrize(
    ("period", "first", "last"),
    [
        (Period.FOUR_WEEKS, "2026-02-01", "2026-02-28"),
        (Period.NINETY_DAYS, "2025-12-01", "2026-02-28"),
        (Period.LAST_MONTH, "2026-01-01", "2026-01-31"),
    ],
)
def test_a_named_period_is_seen_from_today(period: Period, first: str, last: str):
    assert named_days(period, date(2026, 2, 28)) == days(first, last)


def test_a_period_is_cut_by_what_gives_more_than_one_bucket_and_not_too_many():
    words = {
        length: [one.value for one in fitting_intervals(days("2026-01-01", last))]
        for length, last in (
            (1, "2026-01-01"),
            (2, "2026-01-02"),
            (31, "2026-01-31"),
            (365, "2026-12-31"),
        )
    }
    assert words == {
        1: ["minute", "5minutes", "15minutes", "hour"],
        2: ["5minutes", "15minutes", "hour", "day"],
        31: ["hour", "day", "week", "month"],
        365: ["day", "week", "month"],
    }


@pytest.fixture
async def library(world: World) -> World:
    """Twelve pages: /n was seen by n + 1 people, but /10 and /11 by two each; and countries of different manners."""
    for number in range(12):
        people = range(2 if number > 9 else number + 1)
        await world.tell(*(pageview(f"/{number}", at=NOW - MINUTE, visitor=f"{100 * number + who + 1:032x}") for who in people))
    stays = [("NO", 1), ("NO", 1), ("SE", 1), ("SE", 3), ("DK", 2)]
    for number, (country, pages) in enumerate(stays, 5000):
        who = {"visitor": f"{number:032x}", "place": Place(country=country)}
        await world.tell(*(pageview("/0", at=NOW - 60 * MINUTE + page * MINUTE, **who) for page in range(pages)))
    return world


async def listed(world: World, dimension: str, **asked: Any) -> list[str]:
    return [row["value"] for row in (await world.ask(f"breakdown/{dimension}", period="today", **asked))["rows"]]


async def test_rows_come_by_every_column_from_either_end(library: World):
    greatest = await listed(library, "page")
    assert greatest[:3] == ["/9", "/8", "/7"]
    assert await listed(library, "page", sort="visitors", order="asc") == [
        "/1",
        "/10",
        "/11",
        *(f"/{n}" for n in (2, 3, 4, 0, 5, 6, 7, 8, 9)),
    ]
    assert await listed(library, "page", sort="value") == sorted(greatest)
    assert await listed(library, "page", sort="value", order="desc") == sorted(greatest, reverse=True)
    assert (await listed(library, "page", sort="pageviews"))[0] == "/9"
    nordic = {"filter": ["country:NO", "country:SE", "country:DK"]}
    assert await listed(library, "country", sort="bounce_rate", **nordic) == ["NO", "SE", "DK"]
    assert await listed(library, "country", sort="bounce_rate", order="asc", **nordic) == ["DK", "SE", "NO"]
    assert await listed(library, "country", sort="visit_duration", **nordic) == ["DK", "SE", "NO"]
    assert await listed(library, "country", sort="visits", **nordic) == ["NO", "SE", "DK"]
    refused = await library.get(f"/api/stats/{SITE}/breakdown/page", sort="bounce_rate")
    assert (refused.status_code, refused.json()["field"]) == (400, "sort")
    assert (await library.get(f"/api/stats/{SITE}/breakdown/page.csv", sort="bounce_rate")).status_code == 400


async def test_every_page_together_is_the_whole_list_in_its_order(library: World):
    for asked in ({}, {"sort": "value"}, {"sort": "pageviews", "order": "asc"}, {"search": "1"}):
        whole = await listed(library, "page", limit=1000, **asked)
        paged = [
            value for offset in range(0, 14, 3) for value in await listed(library, "page", limit=3, offset=offset, **asked)
        ]
        assert paged == whole, asked
        csv = (await library.get(f"/api/stats/{SITE}/breakdown/page.csv", period="today", **asked)).text.splitlines()
        assert [line.partition(",")[0] for line in csv[1:]] == whole
    behind = (await library.get(f"/api/stats/{SITE}/breakdown/page.csv", period="today", offset=10)).text.splitlines()
    assert [line.partition(",")[0] for line in behind[1:]] == (await listed(library, "page"))[10:]
    far = await library.ask("breakdown/page", period="today", offset=10_000_000)
    assert (far["rows"], far["more"]) == ([], False)


async def test_a_search_finds_what_contains_it_in_whatever_case(world: World):
    await world.tell(pageview("/Blog", at=NOW - MINUTE), pageview("/100%", at=NOW, visitor=BERT), event("Sign up", at=NOW))
    assert await listed(world, "page", search="bLOG") == ["/Blog"]
    assert await listed(world, "page", search="%") == ["/100%"]
    assert await listed(world, "page", search="_") == []
    assert await listed(world, "event", search="sign") == ["Sign up"]
    assert await listed(world, "country", search="t KNOWN") == [""]
    assert (await world.ask("overview", period="today", search="nothing"))["visitors"] == 2


async def test_a_question_that_names_no_zone_is_asked_in_that_of_its_site(world: World):
    home = site(SITE, timezone="Europe/Oslo")
    await decided(world.database_url, home, *named(home, "www.example.org"))
    late = datetime(2026, 11, 17, 23, 30, tzinfo=UTC)
    await world.tell(pageview(at=late), pageview(at=NOW, visitor=BERT))
    for name in (SITE, "www.example.org"):
        told = await world.ask("overview", site=name, period="today")
        assert (told["timezone"], told["visitors"], told["since"]) == ("Europe/Oslo", 2, "2026-11-18T00:00:00+01:00")
    elsewhere = await world.ask("overview", period="today", timezone="UTC")
    assert (elsewhere["timezone"], elsewhere["visitors"]) == ("UTC", 1)
    assert (await world.ask("timeseries", period="today"))["timezone"] == "Europe/Oslo"
    assert (await world.ask("breakdown/page", period="today"))["timezone"] == "Europe/Oslo"
    assert (await world.ask("tallies", period="today"))["since"] == "2026-11-18T00:00:00+01:00"


async def test_all_days_are_those_from_the_first_fact_to_today(world: World):
    await world.tell(pageview(at=datetime(2014, 12, 31, 23, 30, tzinfo=UTC)), pageview(at=NOW, visitor=BERT))
    told = await world.ask("overview", period="all", timezone="Europe/Oslo")
    assert (told["since"], told["until"], told["visitors"]) == ("2015-01-01T00:00:00+01:00", "2026-11-19T00:00:00+01:00", 2)
    points = (await world.ask("timeseries", period="all"))["points"]
    assert (len(points), points[0]["start"], points[0]["value"], points[-1]["value"]) == (144, "2014-12-31T00:00:00Z", 1, 1)
    refused = await world.get(f"/api/stats/{SITE}/timeseries", period="all", interval="day")
    assert (refused.status_code, refused.json()["field"]) == (400, "interval")
    refused = await world.get("/api/stats/tallies", period="all")
    assert (refused.status_code, refused.json()["field"]) == (400, "period")


async def test_all_days_of_a_site_without_facts_are_today(world: World):
    await decided(world.database_url, site("new.example"))
    told = await world.ask("overview", site="new.example", period="all")
    assert (told["since"], told["visitors"]) == ("2026-11-18T00:00:00Z", 0)
    assert len((await world.ask("timeseries", site="new.example", period="all"))["points"]) == 24


async def test_a_day_by_the_minute_adds_up_to_the_day(world: World):
    await world.tell(*(pageview(at=NOW - number * MINUTE, visitor=ANNA) for number in range(5)))
    for interval, count in (("minute", 1440), ("5minutes", 288), ("15minutes", 96)):
        points = (await world.ask("timeseries", period="today", interval=interval, metric="pageviews"))["points"]
        assert (len(points), sum(point["value"] for point in points)) == (count, 5)
