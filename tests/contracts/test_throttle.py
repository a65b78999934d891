"""Who guesses waits longer and longer, by name and by address, and who knows is let in again soon."""

import time

from contracts.sessions import folded_name
from contracts.throttle import (
    FORGOTTEN_AFTER,
    FREE_OF_A_NAME,
    FREE_OF_AN_ADDRESS,
    LONGEST_OF_A_NAME,
    LONGEST_OF_AN_ADDRESS,
    Throttle,
)

HERE, THERE = "203.0.113.7", "198.51.100.9"
NAME = "ada"


class Door:
    """A throttle, and a clock that stands still until it is moved."""

    def __init__(self) -> None:
        self.now = 5000.0
        self.throttle = Throttle(lambda: self.now)

    def wrong(self, address: str = HERE, name: str = "") -> int:
        return self.throttle.attempt(address=address, name=name)

    def right(self, address: str = HERE, name: str = "") -> int:
        if wait := self.throttle.attempt(address=address, name=name):
            return wait
        self.throttle.forgive(address=address, name=name)
        return 0


def test_a_name_is_one_however_many_parts_its_letters_are_typed_in():
    typed = "e\u0301" * 60
    assert folded_name(typed) == folded_name("\u00e9" * 60)
    assert folded_name("a" + "\u0301" * 10_000) == "a" + "\u0301" * 10_000, "which is nobody's, and is not looked at"


def test_forty_at_once_are_not_forty_tries():
    door = Door()
    waits = [door.wrong() for _ in range(40)]
    assert waits == [0] * FREE_OF_AN_ADDRESS + [1] * (40 - FREE_OF_AN_ADDRESS)
    door.now += 1
    assert door.right() == 0, "the right one works later"


def test_each_wrong_one_doubles_the_wait_up_to_a_longest():
    door = Door()
    for _ in range(FREE_OF_AN_ADDRESS):
        assert door.wrong() == 0
    waits = []
    for _ in range(12):
        waits.append(door.wrong())
        door.now += waits[-1]
        assert door.wrong() == 0
    assert waits == [1, 2, 4, 8, 16, 32, 64, 128, 256, *[int(LONGEST_OF_AN_ADDRESS)] * 3]


def test_asking_while_one_waits_makes_the_wait_no_longer():
    door = Door()
    for _ in range(FREE_OF_AN_ADDRESS):
        door.wrong()
    assert {door.wrong() for _ in range(1000)} == {1}


def test_a_name_is_slowed_from_wherever_it_is_guessed():
    door = Door()
    guesses = [door.wrong(f"203.0.113.{number}", NAME) for number in range(20)]
    assert guesses == [0] * FREE_OF_A_NAME + [1] * (20 - FREE_OF_A_NAME)
    assert door.wrong(THERE, "another") == 0
    for written in (f" {NAME.upper()} ", "\uff21da", "a\u24d3\U0001d41a"):
        assert door.wrong(THERE, written) == 1, "it is the same name, however it is written"


def test_a_name_that_nobody_can_have_keeps_nobody_waiting():
    door, began = Door(), time.perf_counter()
    assert door.wrong(HERE, "a" + "\u0301" * 15_000 + "\u0316" * 15_000) == 0
    assert time.perf_counter() - began < 0.5


def test_an_address_is_slowed_whichever_names_it_guesses():
    door = Door()
    assert sum(door.wrong(HERE, f"name {number}") == 0 for number in range(50)) == FREE_OF_AN_ADDRESS
    assert door.wrong(THERE, "name 1") == 0


def test_the_addresses_of_one_network_are_one():
    door = Door()
    assert sum(door.wrong(f"2001:db8::{number:x}") == 0 for number in range(50)) == FREE_OF_AN_ADDRESS
    assert door.wrong("2001:db8:0:1::1") == 0
    assert door.wrong("::ffff:203.0.113.7") == 0
    assert sum(door.wrong(HERE) == 0 for _ in range(50)) == FREE_OF_AN_ADDRESS - 1


def test_who_knows_the_name_alone_keeps_its_owner_waiting_for_half_a_minute_at_most():
    door = Door()
    for number in range(1000):
        door.wrong(f"198.51.{number // 250}.{number % 250}", NAME)
        door.now += 1
    assert 0 < door.wrong(THERE, NAME) <= LONGEST_OF_A_NAME


def test_others_guesses_keep_nobody_waiting_where_they_have_signed_in_before():
    door = Door()
    assert door.right(HERE, NAME) == 0
    for number in range(50):
        door.wrong(f"198.51.100.{number}", NAME)
    assert door.wrong(THERE, NAME) > 0
    assert door.right(HERE, NAME) == 0


def test_the_right_one_clears_the_name_but_buys_no_guesses_at_other_names():
    door = Door()
    for _ in range(FREE_OF_A_NAME - 1):
        door.wrong(HERE, NAME)
    assert door.right(HERE, NAME) == 0
    assert door.wrong(THERE, NAME) == 0
    guesses = 0
    for number in range(100):
        guesses += door.wrong(HERE, f"victim {number}") == 0
        door.right(HERE, NAME)
    assert guesses <= FREE_OF_AN_ADDRESS


def test_time_forgives():
    door = Door()
    for _ in range(100):
        door.wrong()
    door.now += FORGOTTEN_AFTER
    assert sum(door.wrong() == 0 for _ in range(100)) == FREE_OF_AN_ADDRESS


def test_a_clock_that_is_put_back_locks_nobody_out():
    door = Door()
    for _ in range(100):
        door.wrong()
    door.now -= 4000
    assert door.wrong() == 1


def test_any_number_of_names_and_addresses_takes_a_bounded_room():
    throttle = Throttle(lambda: 5000.0, most=100)
    assert sum(throttle.attempt(address=HERE, name=NAME) == 0 for _ in range(50)) == FREE_OF_A_NAME
    for number in range(1000):
        throttle.attempt(address=f"10.0.{number >> 8}.{number & 255}", name=str(number))
    assert len(throttle._names._tries) <= 100
    assert len(throttle._addresses._tries) <= 100
    assert throttle.attempt(address=THERE, name=NAME) == 1, "who has guessed most is forgotten last"


def test_no_name_and_no_address_is_kept():
    door = Door()
    door.wrong(HERE, NAME)
    door.right(HERE, NAME)
    held = [door.throttle._names._tries, door.throttle._addresses._tries, door.throttle._known]
    assert all(isinstance(who, int) for each in held for who in (*each.young, *each._old))
