"""Days begin in the asker's time zone, and buckets survive every change of its clock."""

from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest

from projections.query.periods import Days, Interval, Period, edges, midnight, named_days, previous_span, span_of
from tests.facts import BERT, pageview
from tests.projections.query.world import NOW, World


def hours_of(day: date, zone: str) -> list[datetime]:
    return edges(Days(day, day), ZoneInfo(zone), Interval.HOUR)


@pytest.mark.parametrize(
    ("day", "zone", "buckets"),
    [
        (date(2026, 3, 29), "Europe/Oslo", 23),
        (date(2026, 10, 25), "Europe/Oslo", 25),
        (date(2026, 11, 1), "America/New_York", 25),
        (date(2026, 6, 1), "Asia/Kathmandu", 24),
        (date(2026, 6, 1), "Asia/Kolkata", 24),
        (date(2026, 4, 5), "Australia/Lord_Howe", 25),
        (date(2026, 10, 4), "Australia/Lord_Howe", 24),
        (date(2026, 3, 8), "America/Havana", 23),
        (date(2026, 4, 26), "Africa/Cairo", 24),
        (date(2011, 12, 30), "Pacific/Apia", 0),
    ],
)
def test_a_day_has_as_many_hours_as_its_clock_shows(day: date, zone: str, buckets: int):
    bounds = hours_of(day, zone)
    assert len(bounds) - 1 == buckets
    assert all(before < after for before, after in pairwise(bounds))


@pytest.mark.parametrize(
    "zone", ["Europe/Oslo", "Asia/Kathmandu", "Australia/Lord_Howe", "America/St_Johns", "Pacific/Chatham"]
)
def test_the_days_of_a_year_leave_no_gap_and_do_not_overlap(zone: str):
    year = Days(date(2026, 1, 1), date(2026, 12, 31))
    bounds = edges(year, ZoneInfo(zone), Interval.DAY)
    assert len(bounds) == 366
    assert {bound.astimezone(ZoneInfo(zone)).date() for bound in bounds[:-1]} == {
        year.first + timedelta(days=number) for number in range(365)
    }
    assert (bounds[0], bounds[-1]) == (span_of(year, ZoneInfo(zone)).since, span_of(year, ZoneInfo(zone)).until)


def test_a_day_whose_midnight_is_skipped_begins_at_its_first_instant():
    cairo = ZoneInfo("Africa/Cairo")
    first = midnight(date(2026, 4, 24), cairo)
    assert first.astimezone(cairo).hour == 1
    assert (first - timedelta(seconds=1)).astimezone(cairo).date() == date(2026, 4, 23)


@pytest.mark.parametrize(
    ("period", "first", "last"),
    [
        (Period.TODAY, date(2026, 2, 28), date(2026, 2, 28)),
        (Period.YESTERDAY, date(2026, 2, 27), date(2026, 2, 27)),
        (Period.WEEK, date(2026, 2, 22), date(2026, 2, 28)),
        (Period.THIRTY_DAYS, date(2026, 1, 30), date(2026, 2, 28)),
        (Period.MONTH, date(2026, 2, 1), date(2026, 2, 28)),
        (Period.TWELVE_MONTHS, date(2025, 3, 1), date(2026, 2, 28)),
        (Period.YEAR, date(2026, 1, 1), date(2026, 12, 31)),
    ],
)
def test_a_named_period_is_whole_days(period: Period, first: date, last: date):
    assert named_days(period, date(2026, 2, 28)) == Days(first, last)


def test_the_period_before_a_finished_one_is_as_long():
    before = previous_span(Days(date(2026, 11, 9), date(2026, 11, 15)), ZoneInfo("UTC"), NOW)
    assert (before.since, before.until) == (datetime(2026, 11, 2, tzinfo=UTC), datetime(2026, 11, 9, tzinfo=UTC))


async def test_today_is_today_where_the_asker_is(world: World):
    world.now = datetime(2026, 11, 18, 23, 30, tzinfo=UTC)
    await world.tell(
        pageview(at=datetime(2026, 11, 18, 22, 30, tzinfo=UTC)),
        pageview(at=datetime(2026, 11, 18, 23, 15, tzinfo=UTC), visitor=BERT),
    )
    seen = {zone: (await world.ask("overview", period="today", timezone=zone))["pageviews"] for zone in ("UTC", "Europe/Oslo")}
    assert seen == {"UTC": 2, "Europe/Oslo": 1}


async def test_the_hour_that_comes_twice_is_two_buckets(world: World):
    world.now = datetime(2026, 10, 25, 12, tzinfo=UTC)
    await world.tell(
        pageview(at=datetime(2026, 10, 25, 0, 30, tzinfo=UTC)),
        pageview(at=datetime(2026, 10, 25, 1, 30, tzinfo=UTC), visitor=BERT),
    )
    points = await world.points(period="today", timezone="Europe/Oslo", metric="pageviews")
    assert [point for point in points if point[1]] == [("2026-10-25T02:00:00+02:00", 1), ("2026-10-25T02:00:00+01:00", 1)]


async def test_a_quarter_hour_zone_begins_its_day_at_its_own_midnight(world: World):
    await world.tell(pageview(at=datetime(2026, 11, 17, 18, 20, tzinfo=UTC)))
    points = await world.points(period="today", timezone="Asia/Kathmandu", metric="visitors")
    assert points[0] == ("2026-11-18T00:00:00+05:45", 1)


async def test_every_bucket_is_there_also_the_empty_ones(world: World):
    await world.tell(pageview(at=NOW))
    points = await world.points(period="7d", metric="visits")
    assert [value for _, value in points] == [0, 0, 0, 0, 0, 0, 1]


async def test_a_mean_over_no_visits_is_nothing(world: World):
    await world.tell(pageview(at=NOW))
    points = await world.points(period="7d", metric="bounce_rate")
    assert [value for _, value in points] == [None] * 6 + [100.0]


async def test_a_year_is_shown_by_month(world: World):
    await world.tell(pageview(at=NOW))
    points = await world.points(period="year", metric="pageviews")
    assert len(points) == 12
    assert points[10] == ("2026-11-01T00:00:00Z", 1)


async def test_both_ends_of_a_custom_period_are_included(world: World):
    await world.tell(*(pageview(at=datetime(2026, 11, day, 23, 59, tzinfo=UTC)) for day in (1, 2, 3, 4)))
    asked = {"period": "custom", "from": "2026-11-02", "to": "2026-11-03"}
    assert (await world.ask("overview", **asked))["pageviews"] == 2


@pytest.mark.parametrize("metric", ["visitors", "visits", "pageviews", "views_per_visit", "bounce_rate", "visit_duration"])
async def test_a_day_says_the_same_in_the_series_and_in_the_overview(world: World, metric: str):
    await world.tell(
        *(pageview(at=NOW - timedelta(minutes=minutes), visitor=f"{minutes % 7:032x}") for minutes in range(0, 600, 13))
    )
    points = await world.points(period="custom", metric=metric, interval="day", **{"from": "2026-11-18", "to": "2026-11-18"})
    assert points[0][1] == (await world.ask("overview", period="today"))[metric]
