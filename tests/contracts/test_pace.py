"""A pace lets through its burst and then its rate, and remembers whoever matters in a memory that has an end."""

import sys

import pytest

from contracts.pace import Pace
from contracts.recent import GENERATION_SECONDS, MOST, Recent

MIB = 1 << 20
START = 1000.0


def taken(pace: Pace, who: object, now: float) -> bool:
    return pace.take(who, now) <= pace.room


def taken_of(pace: Pace, who: object, now: float, tries: int) -> int:
    return sum(taken(pace, who, now) for _ in range(tries))


@pytest.mark.parametrize("per_minute", [1, 60, 1200, 60_000])
@pytest.mark.parametrize("burst", [1, 7, 1000])
def test_the_burst_comes_through_at_once_and_then_the_rate(per_minute: int, burst: int):
    pace = Pace(per_minute=per_minute, burst=burst)
    assert taken_of(pace, "a", START, burst + 10) == burst
    for number in range(1, 5):
        assert taken_of(pace, "a", START + number * 60 / per_minute, 3) == 1


def test_no_window_of_a_minute_has_more_than_rate_and_burst():
    pace = Pace(per_minute=60, burst=10)
    times = [START + number / 7 for number in range(7 * 300) if taken(pace, "a", START + number / 7)]
    assert max(sum(begin <= at < begin + 60 for at in times) for begin in times) <= 70
    assert len(times) == pytest.approx(60 * 5 + 10, abs=1)


def test_who_is_refused_waits_no_longer_for_trying_again():
    pace = Pace(per_minute=60, burst=1)
    assert taken(pace, "a", START)
    assert taken_of(pace, "a", START + 0.5, 1000) == 0
    assert taken(pace, "a", START + 1)


def test_one_who_sends_too_much_takes_nothing_from_another():
    pace = Pace(per_minute=60, burst=3)
    assert taken_of(pace, "a", START, 100) == 3
    assert taken_of(pace, "b", START, 100) == 3


def test_what_is_owed_is_waited_for():
    pace = Pace(per_minute=60, burst=5)
    pace.owe("a", START, 30)
    assert not taken(pace, "a", START + 25.9)
    assert taken(pace, "a", START + 26)


def test_it_says_how_many_are_left():
    pace = Pace(per_minute=60, burst=5)
    assert [pace.left(pace.take("a", START)) for _ in range(6)] == [4, 3, 2, 1, 0, 0]


def test_a_million_names_take_no_more_room_than_there_is():
    pace = Pace(per_minute=1200, burst=1000)
    for number in range(1_000_000):
        pace.take(number << 32, START + number * 1e-4)
    generations = (pace._level.young, pace._level._old)
    held = sum(sys.getsizeof(part) for each in generations for part in (each, *each, *each.values()))
    assert len(pace._level) <= MOST
    assert held < 5 * MIB


def test_who_comes_under_many_names_frees_nobody():
    pace = Pace(per_minute=60, burst=100)
    assert taken_of(pace, "flood", START, 101) == 100
    # All of them within the time that the flood has to wait.
    assert all(taken(pace, number, START + number * 3e-6) for number in range(300_000)), "none of them sends too much"
    assert not taken(pace, "flood", START + 0.9)


def test_where_everybody_is_ahead_those_who_are_furthest_ahead_are_remembered():
    pace = Pace(per_minute=1, burst=100, most=1000)
    assert taken_of(pace, "flood", START, 101) == 100
    for number in range(100_000):
        pace.take(number, START)
    assert len(pace._level) <= 1000
    assert not taken(pace, "flood", START)


def test_nobody_is_remembered_for_much_longer_than_it_matters():
    recent: Recent[float] = Recent(lambda until, now: until - now)
    for number in range(1000):
        recent.put(number, START + 1, START)
    recent.put("long", START + 1e6, START)
    for generation in (1, 2):
        recent.put(f"a passer-by {generation}", 0.0, START + generation * GENERATION_SECONDS)
    assert (len(recent), recent.get("long", 0.0)) == (3, START + 1e6)
