"""Numbers, days and countries are written as they always were, whatever names them."""

from datetime import UTC, date, datetime, timedelta

import pytest

from projections.dashboard.countries import country_name, flag, letters
from projections.dashboard.words import (
    bucket_in_words,
    change_in_words,
    counted,
    day_in_words,
    days_in_words,
    exactly,
    in_words,
    measured,
    short,
    tick_in_words,
    weekday_in_words,
)
from projections.query.dimensions import DIMENSIONS
from projections.query.metrics import Unit
from projections.query.periods import Days, Interval

MONTHS = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
]
WEEKDAYS = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"]


def test_months_and_weekdays_have_their_english_names():
    for number, name in enumerate(MONTHS, start=1):
        start = datetime(2026, number, 1, 9, tzinfo=UTC)
        assert bucket_in_words(start, Interval.MONTH) == f"{name} 2026"
        assert tick_in_words(start, Interval.MONTH) == f"{name[:3]} 2026"
    monday = datetime(2026, 11, 16, 9, tzinfo=UTC)
    for number, name in enumerate(WEEKDAYS):
        day = monday + timedelta(days=number)
        assert bucket_in_words(day, Interval.DAY) == f"{name}, {day.day} November 2026"
        assert weekday_in_words(day) == f"{name[:3]} {day.day} Nov 2026"


def test_a_bucket_has_a_long_and_a_short_name():
    at = datetime(2026, 3, 5, 7, tzinfo=UTC)
    assert [bucket_in_words(at, Interval.HOUR), tick_in_words(at, Interval.HOUR)] == ["Thu 5 Mar 2026, 07:00", "07:00"]
    assert [day_in_words(at), tick_in_words(at, Interval.DAY)] == ["5 Mar 2026", "5 Mar"]


@pytest.mark.parametrize(
    ("first", "last", "words"),
    [
        (date(2026, 11, 18), date(2026, 11, 18), "Wed 18 Nov 2026"),
        (date(2026, 11, 1), date(2026, 11, 18), "1 Nov to 18 Nov 2026"),
        (date(2025, 12, 31), date(2026, 1, 1), "31 Dec 2025 to 1 Jan 2026"),
    ],
)
def test_days_name_a_year_once_where_it_is_one(first: date, last: date, words: str):
    assert days_in_words(Days(first, last)) == words


@pytest.mark.parametrize(
    ("number", "words"),
    [(0, "0"), (9_999, "9,999"), (10_000, "10k"), (12_345, "12.3k"), (999_950, "1M"), (1_500_000, "1.5M"), (2e9, "2B")],
)
def test_a_large_number_is_short(number: float, words: str):
    assert short(number) == words


def test_a_number_is_written_by_its_unit():
    assert [in_words(unit, 83) for unit in Unit] == ["83", "83.00", "83%", "1m 23s"]
    assert [in_words(unit, None) for unit in Unit] == ["\N{EN DASH}"] * 4
    assert [change_in_words(unit, -2.5) for unit in (Unit.COUNT, Unit.PERCENT)] == ["2.5%", "2.5 points"]
    assert change_in_words(Unit.PERCENT, 1.0) == "1 point"
    assert exactly(1234567) == "1,234,567"


def test_a_country_has_its_usual_name_and_flag():
    assert [country_name(code) for code in ("NO", "GB", "CZ", "XX", "001", "<b>")] == [
        *("Norway", "United Kingdom", "Czechia"),
        *("XX", "001", "<b>"),
    ]
    assert [flag(code) for code in ("NO", "NO-03", "", "N1", "é1")] == [
        "\N{REGIONAL INDICATOR SYMBOL LETTER N}\N{REGIONAL INDICATOR SYMBOL LETTER O}"
    ] * 2 + [""] * 3


def test_one_thing_is_not_called_things():
    assert [counted(number, "line") for number in (0, 1, 2, 1234)] == ["0 lines", "1 line", "2 lines", "1,234 lines"]
    assert [measured("Pageviews", Unit.COUNT, number) for number in (1, 2)] == ["1 pageview", "2 pageviews"]
    assert [measured("Bounce rate", Unit.PERCENT, 1), measured("Views per visit", Unit.MEAN, 1)] == [
        *("1% bounce rate", "1.00 views per visit"),
    ]


def test_a_list_is_headed_by_what_its_values_are_called_together():
    assert {one.name: one.heading for one in DIMENSIONS if one.name in ("country", "os", "page", "utm_medium")} == {
        "page": "Pages",
        "utm_medium": "UTM mediums",
        "country": "Countries",
        "os": "Operating systems",
    }


def test_a_flag_is_spelt_with_the_letters_of_its_country():
    assert [letters(flag(code)) for code in ("NO", "US-CA", "")] == ["NO", "US", ""]
