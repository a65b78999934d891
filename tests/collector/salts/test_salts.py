"""The salt's promises: one a day for all replicas, never on a disk, never stale or empty, never a day raised from the dead."""

import asyncio
import os
import signal
from collections.abc import AsyncIterator, Callable
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from nats.aio.client import Client

from collector.local.nats import NatsServer
from collector.outcomes import Unavailable, UnavailableReason
from collector.salts.agreed import AgreedSalts
from collector.salts.bucket import BUCKET, SUBJECT_ROOT
from collector.salts.derived import DerivedSalts
from collector.salts.precedence import NOBODY_ELSE
from collector.stream import connection as broker

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
MIDNIGHT = datetime(2026, 11, 23, tzinfo=UTC)
ANY_SKEW = timedelta(days=36_500)


class Clock:
    """A clock that a test sets."""

    def __init__(self, now: datetime) -> None:
        self.now = now

    def __call__(self) -> datetime:
        return self.now


@pytest.fixture
async def client(stream_free_nats: str) -> AsyncIterator[Client]:
    client = await broker.connect(stream_free_nats, on_loss=lambda: None)
    yield client
    await broker.disconnect(client)


def replica(client: Client, now: datetime = NOON) -> AgreedSalts:
    return AgreedSalts(client, Clock(now), tolerated_skew=ANY_SKEW, precedence=NOBODY_ELSE)


async def test_replicas_that_race_at_midnight_agree_on_one_salt(client: Client):
    salts = await asyncio.gather(*[replica(client).of(MIDNIGHT) for _ in range(100)])
    assert len({salt.key for salt in salts}) == 1
    assert {salt.day for salt in salts} == {date(2026, 11, 23)}


async def test_a_salt_is_random_and_long(client: Client):
    today = await replica(client).of(NOON)
    tomorrow = await replica(client).of(MIDNIGHT)
    assert len(today.key) == 32
    assert today.key != tomorrow.key


async def test_a_fresh_installation_with_the_same_settings_has_another_salt(
    client: Client, nats_server: Callable[[], NatsServer]
):
    here = await replica(client).of(NOON)
    other = await broker.connect(nats_server().url, on_loss=lambda: None)
    assert (await replica(other).of(NOON)).key != here.key
    await broker.disconnect(other)


async def test_the_old_salt_is_destroyed_when_the_new_day_begins(client: Client):
    salts = replica(client)
    old = await salts.of(NOON)
    new = await salts.of(MIDNIGHT)
    assert salts.held(MIDNIGHT) == new
    kept = await broker.ask(client, f"STREAM.MSG.GET.{BUCKET}", {"last_by_subj": f"{SUBJECT_ROOT}.2026-11-22"})
    assert kept.message.data == ""
    assert salts.held(NOON) != old


async def test_a_destroyed_day_cannot_be_raised_from_the_dead(client: Client):
    await replica(client).of(NOON)
    leader = replica(client)
    await leader.of(NOON)
    await leader.of(MIDNIGHT)
    late = replica(client)  # a replica that starts with a clock of yesterday
    assert (await late.of(NOON)).day == date(2026, 11, 23)


async def test_a_clock_that_runs_backwards_stays_on_the_newest_day(client: Client):
    salts = replica(client)
    new = await salts.of(MIDNIGHT)
    assert await salts.of(MIDNIGHT - timedelta(seconds=5)) == new
    salts.doubt()
    assert await salts.of(MIDNIGHT - timedelta(seconds=5)) == new


async def test_a_clock_that_is_not_the_brokers_gets_no_salt(client: Client):
    salts = AgreedSalts(client, Clock(datetime.now(UTC) + timedelta(minutes=1)))
    with pytest.raises(Unavailable) as refused:
        await salts.of(datetime.now(UTC))
    assert refused.value.reason is UnavailableReason.SALT


async def test_the_salt_survives_a_restart_of_the_broker_in_the_replicas_memory(nats_server: Callable[[], NatsServer]):
    server = nats_server()
    lost, salts = asyncio.Event(), []

    def on_loss() -> None:
        lost.set()
        for one in salts:
            one.doubt()

    client = await broker.connect(server.url, on_loss=on_loss)
    salts.append(replica(client))
    before = await salts[0].of(NOON)
    os.kill(server.pid, signal.SIGKILL)
    await asyncio.wait_for(lost.wait(), 10)
    assert salts[0].held(NOON) is None, "until it is compared again, the salt is not to be used"
    with pytest.raises(Unavailable):
        await salts[0].of(NOON)
    server.stop()
    server.start()
    assert await until_available(salts[0], NOON) == before
    assert (await replica(client).of(NOON)).key == before.key, "the bucket has it again, for the others"
    await broker.disconnect(client)


async def test_a_replica_gives_up_its_salt_for_the_buckets(client: Client):
    first = replica(client)
    await first.of(NOON)
    await broker.ask(client, f"STREAM.DELETE.{BUCKET}")
    winner = await replica(client).of(NOON)
    first.doubt()
    assert (await first.of(NOON)).key == winner.key


@pytest.mark.parametrize("left", [b"", b"short", b"x" * 33], ids=["empty", "short", "long"])
async def test_nothing_is_hashed_with_what_is_left_of_a_salt(client: Client, left: bytes):
    await replica(client).of(NOON)
    await client.request(f"{SUBJECT_ROOT}.2026-11-22", left, timeout=2)
    with pytest.raises(Unavailable):
        await replica(client).of(NOON)


async def test_a_broken_floor_makes_the_day_unavailable(client: Client):
    await replica(client).of(NOON)
    await client.request(f"{SUBJECT_ROOT}.floor", b"not a day", timeout=2)
    with pytest.raises(Unavailable):
        await replica(client).of(NOON)


async def test_a_bucket_on_disk_is_refused(client: Client):
    await broker.ask(client, f"STREAM.CREATE.{BUCKET}", {"name": BUCKET, "subjects": [f"{SUBJECT_ROOT}.>"], "storage": "file"})
    with pytest.raises(Unavailable):
        await replica(client).of(NOON)


async def test_no_salt_is_ever_on_the_brokers_disk(nats_server: Callable[[], NatsServer], tmp_path: Path):
    client = await broker.connect(nats_server().url, on_loss=lambda: None)
    salts = replica(client)
    keys = [(await salts.of(NOON)).key, (await salts.of(MIDNIGHT)).key]
    await client.request("$JS.API.STREAM.CREATE.PLANTED", b'{"name":"PLANTED","subjects":["planted"]}', timeout=2)
    await client.request("planted", b"planted-canary", timeout=2)
    written = everything_below(tmp_path)
    assert b"planted-canary" in written, "the search must be able to find what is there"
    assert not any(needle in written for key in keys for needle in (key, key.hex().encode()))
    await broker.disconnect(client)


def test_a_derived_salt_needs_no_broker_and_is_the_days():
    salts = DerivedSalts("s" * 32)
    assert salts.held(NOON).day == date(2026, 11, 22)
    assert salts.held(NOON) == DerivedSalts("s" * 32).held(NOON)
    assert salts.held(NOON) != salts.held(MIDNIGHT)


async def test_a_salt_does_not_show_itself(client: Client):
    salt = await replica(client).of(NOON)
    assert salt.key.hex() not in repr(salt)
    assert repr(salt.key) not in repr(salt)


def everything_below(folder: Path) -> bytes:
    return b"".join(file.read_bytes() for file in folder.rglob("*") if file.is_file())


async def until_available(salts: AgreedSalts, at: datetime) -> object:
    async with asyncio.timeout(20):
        while True:
            try:
                return await salts.of(at)
            except Unavailable:
                await asyncio.sleep(0.05)
