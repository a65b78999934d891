"""An hour adds up, or what it lacks is named; what nobody can know is never green."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from contracts.tallies import Ending
from projections.projector.ends import End
from projections.query.ledger.balance import Run, Verdict, balance, known_of, worst
from projections.query.ledger.sides import NO_DOOR, Door, InStream, door_of, doors, in_stream_of, in_streams

HOUR = datetime(2026, 11, 18, 12, tzinfo=UTC)
LATER = HOUR + timedelta(hours=3)
ALIVE = Run(started_at=HOUR - timedelta(hours=1), told_at=LATER, ended=False)
STORED, UNAVAILABLE = Ending.STORED, Ending.UNAVAILABLE


def told(stored: int, unknown: int = 0, landed: int = 0) -> Door:
    return door_of(STORED, "", stored) + door_of(UNAVAILABLE, "stream_timeout", unknown + landed, landed=landed)


def found(facts: int) -> InStream:
    return in_stream_of(End.COUNTED, facts)


def judged(door: Door, stream: InStream, *runs: Run, **known: Any) -> tuple[str, int, int]:
    about = {"told_until": LATER, "read_until": LATER, "counted_since": None} | known
    whose = {name: about.pop(name) for name in ("erased_until", "elsewhere") if name in about}
    of = known_of(runs or (ALIVE,), since=HOUR - timedelta(days=1), until=HOUR + timedelta(days=1), **about)
    one = balance(HOUR, door, stream, of, **whose)
    return one.verdict, one.missing, one.surplus


MEETS = {
    "both are equal": (told(5), found(5)),
    "the rest landed": (told(3, landed=2), found(5)),
    "what is not known may be there": (told(3, unknown=2), found(5)),
    "and may not": (told(3, unknown=2), found(3)),
}


@pytest.mark.parametrize(("door", "stream"), MEETS.values(), ids=MEETS)
def test_an_hour_adds_up_when_every_stored_fact_is_found(door: Door, stream: InStream):
    assert judged(door, stream) == (Verdict.ADDS_UP, 0, 0)


def test_what_is_missing_or_was_never_told_does_not_add_up():
    assert judged(told(5), found(4)) == (Verdict.DOES_NOT_ADD_UP, 1, 0)
    assert judged(told(3, landed=2), found(4)) == (Verdict.DOES_NOT_ADD_UP, 1, 0)
    assert judged(told(3, unknown=1), found(5)) == (Verdict.DOES_NOT_ADD_UP, 0, 1)


@pytest.mark.parametrize("silent_for", [timedelta(0), timedelta(minutes=59, seconds=50)])
def test_a_run_that_fell_silent_is_a_gap_though_both_sides_are_equal(silent_for: timedelta):
    silent = Run(started_at=HOUR - timedelta(hours=1), told_at=HOUR + silent_for, ended=False)
    assert judged(told(5), found(5), silent, ALIVE)[0] == Verdict.GAP
    assert judged(NO_DOOR, InStream(), silent, ALIVE)[0] == Verdict.GAP, "nobody knows what it dropped"
    assert judged(told(5), found(7), silent, ALIVE)[0] == Verdict.GAP, "which it may have stored"
    assert judged(told(5), found(4), silent, ALIVE)[0] == Verdict.DOES_NOT_ADD_UP, "which no silence explains"


def test_a_run_that_falls_silent_as_the_hour_ends_is_a_gap_in_the_next_hour_too():
    silent = Run(started_at=HOUR - timedelta(hours=3), told_at=HOUR - timedelta(seconds=10), ended=False)
    assert judged(told(5), found(5), silent, ALIVE)[0] == Verdict.GAP


def test_a_run_that_said_that_it_ended_leaves_no_gap():
    ended = Run(started_at=HOUR - timedelta(hours=1), told_at=HOUR + timedelta(minutes=5), ended=True)
    assert judged(told(5), found(5), ended) == (Verdict.ADDS_UP, 0, 0)


def test_an_hour_is_open_until_all_is_told_and_all_is_read():
    end = HOUR + timedelta(hours=1)
    assert judged(told(5), found(5), told_until=end + timedelta(seconds=29))[0] == Verdict.OPEN
    assert judged(told(5), found(4), read_until=end + timedelta(seconds=59))[0] == Verdict.OPEN
    assert judged(told(5), found(4), read_until=None)[0] == Verdict.OPEN
    assert judged(told(5), found(5), read_until=None)[0] == Verdict.ADDS_UP, "nothing more is to come"


def test_what_went_with_its_site_is_no_hole():
    assert judged(told(5), found(0), erased_until=HOUR + timedelta(minutes=1)) == (Verdict.ADDS_UP, 0, 0)
    assert judged(told(5), found(0), erased_until=HOUR - timedelta(minutes=1)) == (Verdict.DOES_NOT_ADD_UP, 5, 0)


def test_facts_of_which_no_process_told_are_untold_and_of_before_the_ledger_uncounted():
    away = Run(started_at=HOUR - timedelta(hours=9), told_at=HOUR - timedelta(hours=8), ended=True)
    assert judged(NO_DOOR, found(5), away)[0] == Verdict.UNTOLD
    assert judged(told(5), found(0), counted_since=HOUR + timedelta(minutes=1))[0] == Verdict.UNCOUNTED


def test_what_was_stored_for_sites_that_are_not_told_apart_may_be_anybodys():
    assert judged(told(5), found(7), elsewhere=2) == (Verdict.ADDS_UP, 0, 0)


def test_a_day_is_as_its_worst_hour():
    assert worst([Verdict.ADDS_UP, Verdict.OPEN, Verdict.GAP]) == Verdict.GAP
    assert worst(Verdict) == Verdict.DOES_NOT_ADD_UP
    assert worst([]) == Verdict.NOTHING


def test_both_sides_are_the_sums_of_their_parts():
    door = doors(door_of(ending, "a reason", hits) for hits, ending in enumerate(Ending, start=1))
    parts = (door.stored, door.repeated, door.dropped, door.rejected, door.refused, door.unavailable)
    assert door.received == sum(parts) == 21
    assert door.reasons["dropped:a reason"] == door.dropped
    stream = in_streams(in_stream_of(end, facts) for facts, end in enumerate(End, start=1))
    ends = (stream.counted, stream.robots, stream.repeated, stream.quarantined, stream.left_out, stream.erased)
    assert stream.facts == sum(ends) == 15
