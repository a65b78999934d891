"""Signing in: neither words nor work tell a known name from another, and a session that is ended is worth nothing."""

import asyncio
import threading

import pytest
from argon2 import PasswordHasher

from collector.control.denied import Denied, DeniedReason
from collector.control.passwords import AT_ONCE, WAITING_MOST, Passwords, PasswordsBusy
from collector.control.reading import firsts_of
from collector.control.register import Register
from collector.control.signing_in import SESSION_LIFE, SignIns
from contracts.sessions import digest_of
from tests.collector.control.people_world import CHEAP, NAME, PASSWORD, World


async def refusal(asked) -> tuple[DeniedReason, str]:
    with pytest.raises(Denied) as denied:
        await asked
    return denied.value.reason, str(denied.value)


async def test_a_wrong_password_an_unknown_name_and_a_silly_one_read_alike(world: World):
    await world.join()
    tries = [
        (NAME, PASSWORD + "!"),
        ("Nobody", PASSWORD),
        ("", ""),
        (NAME, "x" * 5_000),
        ("x" * 5_000, PASSWORD),
        ("\0", "\ud800"),
    ]
    refusals = {await refusal(world.sign_ins.sign_in(name, password, address="")) for name, password in tries}
    assert {reason for reason, _ in refusals} == {DeniedReason.WRONG_SIGN_IN}
    assert len(refusals) == 1


class Counting(PasswordHasher):
    """Counts what it compares."""

    compared = 0

    def verify(self, *told):
        self.compared += 1
        return super().verify(*told)


async def test_an_unknown_name_costs_as_much_work_as_a_known_one():
    counting = Counting(time_cost=1, memory_cost=64, parallelism=1)
    passwords = Passwords(counting)
    kept = await passwords.hashed(PASSWORD)
    for known, is_right in ((kept, True), (None, False)):
        before = counting.compared
        assert await passwords.are_same(PASSWORD, known) is is_right
        assert counting.compared == before + 1
    assert not await passwords.are_same("nobody's password", None)


async def test_a_password_is_the_same_however_its_letters_are_composed():
    passwords = Passwords(CHEAP)
    kept = await passwords.hashed("caf\u00e9 at the corner")
    assert await passwords.are_same("cafe\u0301 at the corner", kept)
    assert not await passwords.are_same("cafe at the corner", kept)
    assert not await passwords.are_same(PASSWORD, "no hash at all")


class Slow(PasswordHasher):
    """Compares until it is let go, and knows how many it compared at once."""

    def __init__(self) -> None:
        super().__init__(time_cost=1, memory_cost=64, parallelism=1)
        self.go, self.at_once, self.most = threading.Event(), 0, 0

    def hash(self, password, *, salt=None):
        self.at_once += 1
        self.most = max(self.most, self.at_once)
        self.go.wait(20)
        self.at_once -= 1
        return super().hash(password, salt=salt)


async def test_guessing_takes_no_more_memory_than_a_few_comparisons():
    slow = Slow()
    passwords = Passwords(slow)
    many = [asyncio.ensure_future(passwords.hashed(PASSWORD)) for _ in range(WAITING_MOST)]
    await asyncio.sleep(0)
    with pytest.raises(PasswordsBusy):
        await passwords.hashed(PASSWORD)
    slow.go.set()
    await asyncio.gather(*many)
    assert slow.most <= AT_ONCE


async def test_a_hash_of_less_work_is_made_anew_at_the_next_sign_in(world: World):
    short = await world.join()
    stronger = Passwords(PasswordHasher(time_cost=2, memory_cost=64, parallelism=1))
    sign_ins = SignIns(
        roster=world.desk.roster,
        vault=world.vault,
        passwords=stronger,
        throttle=world.desk.throttle,
        clock=world.clock,
    )
    await sign_ins.sign_in(NAME, PASSWORD, address="")
    registered = await Register(world.vault).of(short)
    assert registered is not None
    assert not stronger.is_outdated(registered.particulars.password)
    await sign_ins.sign_in(NAME, PASSWORD, address="")


async def test_a_session_lasts_until_it_ends(world: World):
    short = await world.join()
    begun = await world.sign_ins.sign_in(NAME.upper(), PASSWORD, address="")
    assert (await world.sign_ins.visitor(begun.secret)).short == short
    assert len(begun.secret) == 64
    world.clock.now += SESSION_LIFE
    assert (await refusal(world.sign_ins.visitor(begun.secret)))[0] is DeniedReason.NOT_SIGNED_IN
    assert await world.sign_ins.open_sessions(short) == {}


async def test_sessions_are_listed_and_ended_one_by_one(world: World):
    short, other = await world.join(), await world.join("Ash")
    first = await world.sign_ins.sign_in(NAME, PASSWORD, address="")
    world.clock.pass_by(minutes=1)
    second = await world.sign_ins.sign_in(NAME, PASSWORD, address="")
    assert list(await world.sign_ins.open_sessions(short)) == [digest_of(second.secret), digest_of(first.secret)]
    theirs = world.sign_ins.end(digest_of(first.secret), of=other, by=f"member:{other}")
    assert (await refusal(theirs))[0] is DeniedReason.NO_SESSION
    ended = await world.sign_ins.end(digest_of(first.secret), of=short, by=f"member:{short}")
    assert ended == await world.sign_ins.end(digest_of(first.secret), of=short, by=f"member:{short}") > 0
    assert list(await world.sign_ins.open_sessions(short)) == [digest_of(second.secret)]
    assert (await refusal(world.sign_ins.visitor(first.secret)))[0] is DeniedReason.NOT_SIGNED_IN
    await world.sign_ins.visitor(second.secret)


async def test_sessions_that_are_ended_or_expired_are_not_read_again(world: World, monkeypatch: pytest.MonkeyPatch):
    short = await world.join()
    old = [await world.sign_ins.sign_in(NAME, PASSWORD, address="") for _ in range(3)]
    await world.sign_ins.end(digest_of(old[0].secret), of=short, by=f"member:{short}")
    world.clock.now += SESSION_LIFE
    assert await world.sign_ins.open_sessions(short) == {}
    here = await world.sign_ins.sign_in(NAME, PASSWORD, address="")
    read: list[str] = []

    async def reading(client, stream, subjects):
        read.extend(subjects)
        return await firsts_of(client, stream, subjects)

    monkeypatch.setattr("collector.control.recorder.firsts_of", reading)
    assert list(await world.sign_ins.open_sessions(short)) == [digest_of(here.secret)]
    assert len(read) == 1


async def test_whoever_asks_for_all_sessions_many_times_over_keeps_no_decision_waiting(world: World):
    short = await world.join()
    let_go, things_of = threading.Event(), world.plane.things_of

    def held_up(*args, **named):
        let_go.wait(20)
        return things_of(*args, **named)

    world.plane.things_of = held_up  # type: ignore[method-assign]
    asking = [asyncio.create_task(world.sign_ins.open_sessions(short)) for _ in range(50)]
    try:
        await asyncio.sleep(0.1)
        decided = world.plane.run(lambda plane: plane.tenants.add("other", by="here"))
        assert (await asyncio.wait_for(decided, 5)).thing.name == "other"
        assert await asyncio.wait_for(asyncio.to_thread(lambda: True), 5)
    finally:
        let_go.set()
        await asyncio.gather(*asking)
