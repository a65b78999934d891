"""A period is compared with the same part of another, and every bucket stands beside the one that it is compared with."""

from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest

from projections.query.compared import Compare, beside, other_days, other_span
from projections.query.periods import Days, Interval, edges
from tests.facts import ANNA, BERT, pageview
from tests.projections.query.world import NOW, World

OSLO = ZoneInfo("Europe/Oslo")
ISO_MONDAY = 1


def days(first: str, last: str) -> Days:
    return Days(date.fromisoformat(first), date.fromisoformat(last))


@pytest.mark.parametrize(
    ("compare", "asked", "against", "since", "until"),
    [
        (Compare.PREVIOUS, days("2026-11-09", "2026-11-15"), None, "2026-11-02", "2026-11-09"),
        (Compare.YEAR, days("2026-11-09", "2026-11-15"), None, "2025-11-09", "2025-11-16"),
        (Compare.YEAR_WEEKDAYS, days("2026-11-09", "2026-11-15"), None, "2025-11-10", "2025-11-17"),
        (Compare.YEAR, days("2024-02-29", "2024-02-29"), None, "2023-02-28", "2023-03-01"),
        (Compare.CUSTOM, days("2026-11-09", "2026-11-15"), days("2026-01-01", "2026-01-31"), "2026-01-01", "2026-02-01"),
        # Half past three in the afternoon of the third of seven days.
        (Compare.PREVIOUS, days("2026-11-16", "2026-11-22"), None, "2026-11-13", "2026-11-15 15:30"),
        (Compare.YEAR, days("2026-11-16", "2026-11-22"), None, "2025-11-16", "2025-11-18 15:30"),
        (Compare.YEAR_WEEKDAYS, days("2026-11-16", "2026-11-22"), None, "2025-11-17", "2025-11-19 15:30"),
        (Compare.CUSTOM, days("2026-11-16", "2026-11-22"), days("2026-03-02", "2026-03-08"), "2026-03-02", "2026-03-04 15:30"),
        (Compare.CUSTOM, days("2026-11-16", "2026-11-22"), days("2026-03-02", "2026-03-03"), "2026-03-02", "2026-03-04"),
    ],
)
def test_a_period_is_compared_with_the_same_part_of_another(
    compare: Compare, asked: Days, against: Days | None, since: str, until: str
):
    span = other_span(compare, asked, ZoneInfo("UTC"), NOW, against=against)
    assert span is not None
    assert (f"{span.since:%Y-%m-%d %H:%M}", f"{span.until:%Y-%m-%d %H:%M}") == tuple(
        text if " " in text else f"{text} 00:00" for text in (since, until)
    )


def test_nothing_is_compared_with_nothing():
    assert other_span(Compare.NONE, days("2026-11-09", "2026-11-15"), OSLO, NOW) is None


@pytest.mark.parametrize("interval", [Interval.HOUR, Interval.DAY, Interval.WEEK, Interval.MONTH])
@pytest.mark.parametrize("zone", ["Europe/Oslo", "Australia/Lord_Howe", "America/Havana", "Asia/Kathmandu"])
@pytest.mark.parametrize("compare", [Compare.PREVIOUS, Compare.YEAR, Compare.YEAR_WEEKDAYS])
def test_each_bucket_has_at_most_one_beside_it_and_none_stands_beside_two(compare: Compare, zone: str, interval: Interval):
    for asked in (days("2026-03-02", "2026-04-30"), days("2024-02-01", "2024-03-15"), days("2026-11-01", "2026-11-18")):
        other = other_span(compare, asked, ZoneInfo(zone), NOW)
        assert other is not None
        bounds, beside_it = beside(compare, asked, other, ZoneInfo(zone), interval)
        assert (bounds[0], bounds[-1]) == (other.since, other.until)
        assert all(before < after for before, after in pairwise(bounds))
        numbers = list(beside_it.values())
        assert len(numbers) == len(set(numbers))
        assert set(numbers) <= set(range(len(bounds) - 1))
        assert set(beside_it) <= set(edges(asked, ZoneInfo(zone), interval))


def test_a_week_stands_beside_as_many_days_wherever_it_begins():
    asked = days("2026-09-07", "2026-10-11")
    other = other_span(Compare.CUSTOM, asked, OSLO, NOW, against=days("2026-07-02", "2026-08-05"))
    assert other is not None
    bounds, beside_it = beside(Compare.CUSTOM, asked, other, OSLO, Interval.WEEK)
    assert [after - before for before, after in pairwise(bounds)] == 5 * [timedelta(days=7)]
    assert list(beside_it.values()) == [0, 1, 2, 3, 4]


def test_the_hour_that_a_clock_skips_or_shows_twice_has_nothing_beside_it():
    spring, autumn, plain = days("2026-03-29", "2026-03-29"), days("2026-10-25", "2026-10-25"), days("2026-06-07", "2026-06-07")
    for asked, against, hours, missing in (
        (plain, spring, 24, ["02:00"]),
        (autumn, plain, 25, ["02:00"]),
        (spring, plain, 23, []),
    ):
        other = other_span(Compare.CUSTOM, asked, OSLO, NOW, against=against)
        assert other is not None
        bounds, beside_it = beside(Compare.CUSTOM, asked, other, OSLO, Interval.HOUR)
        starts = edges(asked, OSLO, Interval.HOUR)[:-1]
        assert len(starts) == hours
        assert [f"{start.astimezone(OSLO):%H:%M}" for start in starts if start not in beside_it] == missing
        for start, number in beside_it.items():
            assert f"{start.astimezone(OSLO):%H:%M}" == f"{bounds[number].astimezone(OSLO):%H:%M}"


def test_the_last_day_of_a_running_period_is_one_of_its_days():
    other = other_span(Compare.PREVIOUS, days("2026-11-16", "2026-11-22"), ZoneInfo("UTC"), NOW)
    assert other is not None
    assert other_days(other, ZoneInfo("UTC")) == days("2026-11-13", "2026-11-15")


@pytest.mark.parametrize(
    ("interval", "first"), [(Interval.MINUTE, 24 * 60), (Interval.FIVE_MINUTES, 288), (Interval.QUARTER_HOUR, 96)]
)
def test_parts_of_an_hour_make_up_the_day_that_they_are_of(interval: Interval, first: int):
    assert len(edges(days("2026-06-01", "2026-06-01"), OSLO, interval)) - 1 == first
    for day, hours in (("2026-03-29", 23), ("2026-10-25", 25)):
        bounds = edges(days(day, day), OSLO, interval)
        assert len(bounds) - 1 == first // 24 * hours
        assert {after - before for before, after in pairwise(bounds)} == {timedelta(hours=24) / first}


def test_weeks_begin_on_monday_and_the_first_one_where_the_period_does():
    bounds = edges(days("2026-10-21", "2026-11-10"), OSLO, Interval.WEEK)
    local = [bound.astimezone(OSLO) for bound in bounds]
    assert [f"{one:%m-%d %H}" for one in local] == ["10-21 00", "10-26 00", "11-02 00", "11-09 00", "11-11 00"]
    assert {one.isoweekday() for one in local[1:-1]} == {ISO_MONDAY}


async def test_every_answer_carries_the_numbers_of_the_other_period(world: World):
    before, now = NOW - timedelta(days=7, minutes=1), NOW - timedelta(minutes=1)
    await world.tell(
        *(pageview(path, at=now, visitor=f"{who:032x}") for who, path in enumerate(("/both", "/both", "/new"), 1)),
        *(pageview(path, at=before, visitor=f"{who:032x}") for who, path in enumerate(("/both", "/gone", "/gone", "/left"), 1)),
    )
    asked = {"period": "7d", "compare": "previous"}
    overview = await world.ask("overview", **asked)
    assert (overview["visitors"], overview["previous"]["visitors"], overview["change"]["visitors"]) == (3, 4, -25.0)
    series = await world.ask("timeseries", **asked)
    assert [(point["value"], point["previous"]) for point in series["points"]] == [(0, 0)] * 6 + [(3, 4)]
    assert (series["points"][6]["start"], series["points"][6]["previous_start"]) == (
        "2026-11-18T00:00:00Z",
        "2026-11-11T00:00:00Z",
    )
    rows = (await world.ask("breakdown/page", **asked))["rows"]
    assert [(row["value"], row["visitors"], row["previous"]["visitors"], row["change"]["visitors"]) for row in rows] == [
        *(("/both", 2, 1, 100.0), ("/new", 1, 0, None)),
        *(("/gone", 0, 2, -100.0), ("/left", 0, 1, -100.0)),
    ]
    for limit in (1, 2, 3):
        paged = []
        for offset in range(0, 8, limit):
            answer = await world.ask("breakdown/page", limit=limit, offset=offset, **asked)
            paged += answer["rows"]
            assert answer["more"] == (offset + limit < len(rows))
        assert paged == rows
    csv = (await world.get("/api/stats/example.org/breakdown/page.csv", **asked)).text.splitlines()
    assert csv[0] == "page,visitors,share,pageviews,previous_visitors,previous_pageviews,change_visitors,change_pageviews"
    assert [line.split(",")[0] for line in csv[1:]] == [row["value"] for row in rows]
    assert csv[3] == "/gone,0,0.0,0,2,2,-100.0,-100.0"


async def test_nothing_is_beside_the_numbers_unless_it_was_asked_for(world: World):
    await world.tell(pageview(at=NOW, visitor=ANNA), pageview(at=NOW - timedelta(days=365, minutes=1), visitor=BERT))
    assert "previous" not in (await world.ask("timeseries"))["points"][0]
    assert "previous" not in (await world.ask("breakdown/page"))["rows"][0]
    assert (await world.ask("overview", compare="none"))["previous"] is None
    year = await world.ask("overview", compare="year", period="month")
    assert (year["previous"]["visitors"], year["previous"]["since"]) == (1, "2025-11-01T00:00:00Z")
    picked = {"compare": "custom", "compare_from": "2025-11-18", "compare_to": "2025-11-18"}
    assert (await world.ask("overview", **picked))["previous"]["visitors"] == 1
    assert datetime.fromisoformat((await world.ask("overview", **picked))["previous"]["until"]) == datetime(
        2025, 11, 19, tzinfo=UTC
    )
