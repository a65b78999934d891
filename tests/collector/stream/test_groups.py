"""When does the next group go, and who is in it?"""

from typing import Any

from collector.stream.groups import (
    ALONE_IN_FLIGHT,
    GROUP_EVENTS,
    GROUPS_IN_FLIGHT,
    LARGE_GROUP,
    LONG_SECONDS,
    SMALL_GROUP,
    Groups,
)
from collector.stream.parcel import Parcel

NOW = 100.0


def parcel(*, deadline: float = 1.0, size: int = 100) -> Parcel:
    nobody: Any = None  # nothing is told here
    return Parcel(id="1", subject="s", message_id="m", body=b"x" * size, deadline=deadline, outcome=nobody)


def waiting(count: int) -> Groups:
    groups = Groups()
    for _ in range(count):
        groups.add(parcel())
    return groups


def test_a_lone_parcel_goes_at_once():
    groups = waiting(1)
    assert len(groups.depart("a", NOW)) == 1
    assert groups.depart("b", NOW) == []


def test_what_waits_goes_together_up_to_the_limit_of_the_server():
    groups = waiting(GROUP_EVENTS + 1)
    assert len(groups.depart("a", NOW)) == GROUP_EVENTS
    assert len(groups) == 1


def test_a_group_is_no_larger_than_one_message_beyond_its_bytes():
    groups = Groups()
    for _ in range(10):
        groups.add(parcel(size=60_000))
    assert len(groups.depart("a", NOW)) == 5


def test_beside_a_small_group_the_next_goes_at_once():
    groups = waiting(SMALL_GROUP - 1)
    groups.depart("a", NOW)
    groups.add(parcel())
    assert len(groups.depart("b", NOW)) == 1


def test_what_came_and_went_before_holds_no_group_up():
    groups = Groups()
    for way_out in (lambda: groups.arrive("a"), lambda: groups.overdue(NOW), groups.clear):
        for _ in range(SMALL_GROUP):
            groups.add(parcel())
        groups.depart("a", NOW)
        assert not groups.is_let_go
        way_out()
        groups.add(parcel())
        groups.depart("b", NOW)
        groups.add(parcel())
        assert groups.is_let_go
        assert len(groups.depart("c", NOW)) == 1
        groups.clear()


def test_beside_a_large_group_the_next_waits_until_it_is_large():
    groups = waiting(SMALL_GROUP)
    groups.depart("a", NOW)
    for _ in range(LARGE_GROUP - 1):
        groups.add(parcel())
    assert groups.depart("b", NOW) == []
    groups.add(parcel())
    assert len(groups.depart("b", NOW)) == LARGE_GROUP


def test_nobody_waits_for_long_beside_a_group_that_is_not_answered():
    groups = waiting(SMALL_GROUP)
    groups.depart("a", NOW)
    groups.add(parcel())
    assert groups.depart("b", NOW + LONG_SECONDS / 2) == []
    assert len(groups.depart("b", NOW + 2 * LONG_SECONDS)) == 1


def test_when_a_group_arrives_the_next_goes_however_small():
    groups = waiting(SMALL_GROUP)
    groups.depart("a", NOW)
    groups.add(parcel())
    assert groups.depart("b", NOW) == []
    assert len(groups.arrive("a")) == SMALL_GROUP
    assert len(groups.depart("b", NOW)) == 1


def test_no_more_than_so_many_are_under_way():
    groups = Groups()
    groups.separate([parcel() for _ in range(GROUPS_IN_FLIGHT + 1)])
    departed = [groups.depart(str(number), NOW) for number in range(GROUPS_IN_FLIGHT + 1)]
    assert [len(group) for group in departed] == [1] * GROUPS_IN_FLIGHT + [0]


def test_who_was_refused_together_goes_alone():
    groups = waiting(3)
    groups.separate(groups.depart("a", NOW))
    groups.arrive("a")
    assert len(groups.depart("b", NOW)) == 1


def test_whose_time_has_run_out_is_taken_out_and_does_not_arrive_any_more():
    groups = Groups()
    groups.add(parcel(deadline=1.0))
    groups.depart("a", NOW)
    groups.add(parcel(deadline=2.0))
    groups.add(parcel(deadline=3.0))
    assert len(groups.overdue(2.0)) == 2
    assert groups.arrive("a") == []
    assert len(list(groups)) == 1


def test_all_of_them_can_be_taken_out():
    groups = waiting(2)
    groups.depart("a", NOW)
    groups.add(parcel())
    assert len(groups.clear()) == 3
    assert list(groups) == []


def test_where_the_stream_has_replicas_each_goes_alone_and_many_at_a_time():
    groups = Groups()
    groups.go_alone(is_wanted=True)
    for _ in range(ALONE_IN_FLIGHT + 1):
        groups.add(parcel())
    assert [len(groups.depart(str(number), NOW)) for number in range(ALONE_IN_FLIGHT)] == [1] * ALONE_IN_FLIGHT
    assert groups.depart("one too many", NOW) == []
    groups.arrive("0")
    assert len(groups.depart("next", NOW)) == 1


def test_what_was_refused_without_fault_goes_before_all_others():
    groups = waiting(2)
    first = groups.depart("a", NOW)
    groups.add(parcel())
    groups.again(groups.arrive("a"))
    assert groups.depart("b", NOW)[:2] == first
