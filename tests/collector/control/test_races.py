"""Two processes that decide the same at once, while nats-server is killed and started again: one wins, the other is told so."""

import random
import threading
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest

from collector.control.decided import Reason, Undecided
from collector.control.line import Line
from collector.control.plane import ControlPlane
from collector.local.nats import NatsServer
from tests.collector.control.worlds import ALL, Clock, kill

RACES, RESTART_EVERY = (1_000, 10) if ALL else (20, 7)
WON = "won"


@pytest.fixture
def world(nats_server: Callable[[], NatsServer]):
    server = nats_server()
    planes = [ControlPlane(Line(server.url, patience=60.0), clock=Clock()) for _ in range(2)]
    yield server, planes
    for plane in planes:
        plane.close()


def outcome_of(decide: Callable[[], object]) -> str:
    try:
        decide()
    except Undecided as undecided:
        return undecided.reason
    return WON


def test_a_race_has_one_winner_whatever_becomes_of_nats(world):
    server, planes = world
    planes[0].tenants.add("t0", by="here")
    planes[0].tenants.add("t1", by="here")
    chance = random.Random(9)
    with ThreadPoolExecutor(3) as threads:
        for race in range(RACES):
            start = threading.Barrier(2)
            moved = threading.Thread(target=restart, args=(server, chance.random() * 0.01))
            if race % RESTART_EVERY == 1:
                moved.start()
            told = list(threads.map(lambda n, race=race, start=start: enter(planes[n], n, race, start), (0, 1)))
            if race % RESTART_EVERY == 1:
                moved.join()
            assert Counter(told) == {WON: 1, Reason.CONFLICT: 1}, f"race {race}"
            winner = told.index(WON)
            owner = planes[1 - winner].look(f"name:{name_in(race)}").thing
            assert (owner.tenant, owner.key) == (f"t{winner}", name_in(race))
            assert planes[winner].look(f"site:t{1 - winner}:{name_in(race)}").version == 0


def name_in(race: int) -> str:
    return f"race{race}.example"


def enter(plane: ControlPlane, number: int, race: int, start: threading.Barrier) -> str:
    start.wait()
    return outcome_of(lambda: plane.sites.add(f"t{number}", name_in(race), by="here"))


def restart(server: NatsServer, after: float) -> None:
    threading.Event().wait(after)
    kill(server)
    server.start()


def test_of_two_edits_of_one_site_one_wins_and_the_other_is_told(world):
    _, planes = world
    planes[0].tenants.add("acme", by="here")
    version = planes[0].sites.add("acme", "shop.example", by="here").thing.version
    for race in range(20):
        start = threading.Barrier(2)

        def edit(number: int, race: int = race, start: threading.Barrier = start, version: int = version) -> str:
            label = f"{race} of {number}"
            start.wait()
            return outcome_of(
                lambda: planes[number].sites.describe(
                    "acme", "shop.example", label=label, timezone="UTC", by="here", expected_version=version
                )
            )

        with ThreadPoolExecutor(2) as threads:
            told = list(threads.map(edit, (0, 1)))
        assert Counter(told) == {WON: 1, Reason.CONFLICT: 1}
        site = planes[0].sites.find("acme", "shop.example")
        assert site.label == f"{race} of {told.index(WON)}"
        version = site.version
