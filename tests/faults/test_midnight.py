"""Across midnight, as processes with clocks of their own: one salt a day for all, never a stale one, never a day twice."""

import os
import signal
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from collector.local.guarded import GuardedLauncher
from collector.local.nats import NatsServer
from collector.salts.bucket import BUCKET, SUBJECT_ROOT
from collector.stream import connection as broker
from tests.faults import clocks
from tests.faults.clocks import Replica, midnight_after, set_clock, visitors_of
from tests.faults.salted import salted
from tests.faults.waiting import until

# Always in the future of the real clock, so that nothing that NATS remembers can be younger.
NOON = datetime.combine(datetime.now(UTC).date() + timedelta(days=10), datetime.min.time(), UTC) + timedelta(hours=12)
TODAY, TOMORROW, LATER = (NOON.date() + timedelta(days=days) for days in (0, 1, 2))
MIDNIGHT = midnight_after(NOON)


class Replicas:
    """Replicas around one nats-server, and everybody's clock."""

    def __init__(self, server: NatsServer, launcher: GuardedLauncher, folder: Path) -> None:
        self.server = server
        self.all: list[Replica] = []
        self._launcher = launcher
        self._folder = folder
        self.everybodys = folder / "everybodys.clock"
        set_clock(self.everybodys, NOON)

    def start(self, *names: str) -> list[Replica]:
        started = [Replica(name, self._launcher, self._folder, self.server.url) for name in names]
        self.all += started
        return started

    def set_clocks(self, now: datetime, *but: Replica) -> None:
        """Set everybody's clock to *now*, but for the replicas that have another idea."""
        set_clock(self.everybodys, now)
        for replica in self.all:
            if replica not in but:
                set_clock(replica.clock, now)

    async def nobody_was_hashed_wrongly(self) -> None:
        """Make sure that every day had one salt for all, and that nobody used one of a day gone by."""
        assert {day: len(ids) for day, ids in visitors_of(self.all).items() if len(ids) > 1} == {}
        stale = [made for replica in self.all for made in replica.hashes if made.day is not None and made.day < made.at.date()]
        assert stale == []

    async def held_for(self, day: object) -> str | None:
        """Return what the bucket holds for *day*, in base64; None when there is nothing at all."""
        client = await broker.connect(self.server.url, on_loss=lambda: None)
        try:
            question = {"last_by_subj": f"{SUBJECT_ROOT}.{day}"}
            return str((await broker.ask(client, f"STREAM.MSG.GET.{BUCKET}", question)).message.data)
        except broker.JetStreamError:
            return None
        finally:
            await broker.disconnect(client)


@pytest.fixture
async def replicas(nats_server: Callable[[], NatsServer], launcher: GuardedLauncher, tmp_path: Path) -> AsyncIterator[Replicas]:
    together = Replicas(nats_server(), launcher, tmp_path)
    await salted(together.server.url, NOON)
    yield together
    for replica in together.all:
        replica.kill()


async def test_replicas_with_every_kind_of_clock_agree_on_one_salt_a_day(replicas: Replicas):
    punctual, early, wrong, backwards, frozen = replicas.start("punctual", "early", "wrong", "backwards", "frozen")
    for replica in replicas.all:
        await replica.hashes_under(TODAY)
    frozen.freeze()
    replicas.set_clocks(MIDNIGHT - timedelta(seconds=4), early, wrong)
    set_clock(early.clock, MIDNIGHT - timedelta(seconds=1))  # within the tolerance
    set_clock(wrong.clock, MIDNIGHT + timedelta(seconds=56))  # a minute ahead

    await until(lambda: wrong.hashes[-1].visitor is None, "who is a minute ahead gets no salt")
    for replica in (early, punctual, backwards):
        await replica.hashes_under(TOMORROW)
    set_clock(backwards.clock, MIDNIGHT - timedelta(seconds=3))
    before = len(backwards.hashes)
    frozen.thaw()
    await frozen.hashes_under(TOMORROW)
    await until(lambda: len(backwards.hashes) > before + 20, "who went back in time goes on")

    assert {made.day for made in backwards.hashes[before + 5 :]} == {TOMORROW}, "a day that is over does not come back"
    assert {made.day for made in wrong.hashes} == {TODAY, None}
    set_clock(wrong.clock, MIDNIGHT + timedelta(seconds=5))
    await wrong.hashes_under(TOMORROW)
    await replicas.nobody_was_hashed_wrongly()
    assert await replicas.held_for(TODAY) == ""


async def test_a_nats_that_dies_at_the_rotation_leaves_one_salt_a_day(replicas: Replicas):
    quick, other, late = replicas.start("quick", "other", "late")
    for replica in replicas.all:
        await replica.hashes_under(TODAY)
    late.freeze()
    replicas.set_clocks(MIDNIGHT - timedelta(seconds=0.5))
    await until(lambda: TOMORROW in visitors_of([quick, other]), "the first has taken up the new day's salt")
    os.kill(replicas.server.pid, signal.SIGKILL)
    replicas.server.child.process.wait()
    late.thaw()
    replicas.server.start()
    for replica in replicas.all:
        await replica.hashes_under(TOMORROW)
    await replicas.nobody_was_hashed_wrongly()
    assert not await replicas.held_for(TODAY)


async def test_a_replica_that_was_frozen_for_a_day_begins_with_the_salt_of_the_day_it_wakes_up_in(replicas: Replicas):
    (alone,) = replicas.start("alone")
    await alone.hashes_under(TODAY)
    alone.freeze()
    replicas.set_clocks(NOON + timedelta(days=2))
    alone.thaw()
    await alone.hashes_under(LATER)
    assert TOMORROW not in visitors_of([alone])
    await replicas.nobody_was_hashed_wrongly()
    assert await replicas.held_for(TODAY) == ""


async def test_the_salt_of_a_replica_that_did_not_live_to_see_midnight_is_destroyed_by_the_next(replicas: Replicas):
    (dying,) = replicas.start("dying")
    await dying.hashes_under(TODAY)
    dying.kill()
    assert await replicas.held_for(TODAY)
    replicas.set_clocks(MIDNIGHT + timedelta(hours=1))
    (heir,) = replicas.start("heir")
    await heir.hashes_under(TOMORROW)
    assert await replicas.held_for(TODAY) == ""
    await replicas.nobody_was_hashed_wrongly()


def test_without_libfaketime_one_is_told_how_to_get_it(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(clocks, "_PLACES", ())
    with pytest.raises(AssertionError, match="apt-get install libfaketime"):
        clocks.libfaketime()
