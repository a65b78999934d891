"""Who holds no salt waits for those who may, who holds one looks after it, and nobody goes on with one that was replaced."""

import asyncio
import logging
from collections.abc import AsyncIterator
from datetime import UTC, date, datetime, timedelta

import pytest
from nats.aio.client import Client

from collector.outcomes import Unavailable
from collector.privacy.visitor import Salt
from collector.salts.agreed import AgreedSalts
from collector.salts.bucket import BUCKET, SUBJECT_ROOT, SaltBucket
from collector.salts.precedence import NOBODY_ELSE, PRECEDENCE
from collector.stream import connection as broker

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
MIDNIGHT = datetime(2026, 11, 23, tzinfo=UTC)
LONG = int(PRECEDENCE.total_seconds())


class Replica:
    """One replica, and the seconds that have passed for it."""

    def __init__(self, client: Client, precedence: timedelta = PRECEDENCE) -> None:
        self.passed = 0.0
        self.at = NOON
        self.salts = AgreedSalts(
            client, lambda: self.at, precedence=precedence, tolerated_skew=timedelta.max, elapsed=lambda: self.passed
        )

    async def asks(self, after: float = 0.0) -> Salt | None:
        """Return the salt that it gets once *after* seconds have passed, None when there is none for it yet."""
        self.passed += after
        try:
            return await self.salts.of(self.at)
        except Unavailable:
            return None


@pytest.fixture
async def client(stream_free_nats: str) -> AsyncIterator[Client]:
    client = await broker.connect(stream_free_nats, on_loss=lambda: None)
    yield client
    await broker.disconnect(client)


@pytest.fixture
async def holder(client: Client) -> Replica:
    """A replica that holds the day's salt."""
    first = Replica(client)
    while await first.asks(after=1) is None:
        assert first.passed < 2 * LONG
    return first


async def lose_everything(client: Client) -> None:
    await broker.ask(client, f"STREAM.PURGE.{BUCKET}", {"filter": f"{SUBJECT_ROOT}.>"})


async def test_a_newcomer_waits_at_an_empty_bucket_before_it_makes_a_salt(client: Client):
    newcomer = Replica(client)
    assert [await newcomer.asks(after=1) for _ in range(LONG)] == [None] * LONG
    assert await newcomer.asks(after=1) is not None


async def test_the_wait_ends_though_every_look_takes_long(client: Client, monkeypatch: pytest.MonkeyPatch):
    newcomer = Replica(client)
    read = SaltBucket.read

    async def read_slowly(bucket: SaltBucket, day: date) -> bytes | None:
        newcomer.passed += 10
        return await read(bucket, day)

    monkeypatch.setattr(SaltBucket, "read", read_slowly)
    assert await newcomer.asks() is None
    assert await newcomer.asks(after=1) is not None


async def test_newcomers_that_waited_together_agree(client: Client):
    newcomers = [Replica(client) for _ in range(20)]
    for _ in range(LONG):
        await asyncio.gather(*[one.asks(after=1) for one in newcomers])
    assert len({(await one.asks(after=1)).key for one in newcomers}) == 1


async def test_who_holds_the_salt_puts_it_in_at_once_and_the_newcomer_takes_it(client: Client, holder: Replica):
    before = await holder.asks()
    await lose_everything(client)
    newcomer = Replica(client)
    assert await newcomer.asks() is None
    holder.salts.doubt()
    assert await holder.asks() == before
    assert await newcomer.asks(after=1) == before


async def test_who_holds_the_salt_notices_by_itself_that_the_bucket_lost_it(client: Client, holder: Replica):
    before = await holder.asks()
    await lose_everything(client)
    await holder.salts.look()
    assert await Replica(client).asks() == before


async def test_who_comes_back_puts_it_in_though_nobody_asks_for_a_salt(client: Client, holder: Replica):
    before = await holder.asks()
    await lose_everything(client)
    holder.salts.doubt()
    await holder.salts.look()
    assert await Replica(client).asks() == before


@pytest.mark.parametrize("interruption", ["the connection broke", "it was frozen", "nats did not answer"])
async def test_the_wait_begins_anew_after_an_interruption(client: Client, interruption: str, monkeypatch: pytest.MonkeyPatch):
    newcomer = Replica(client)
    for _ in range(LONG):
        await newcomer.asks(after=1)
    if interruption == "the connection broke":
        newcomer.salts.doubt()
    elif interruption == "it was frozen":
        newcomer.passed += 60
    else:
        with monkeypatch.context() as away:
            away.setattr("collector.salts.bucket.BUCKET", "KV_out_of_reach")
            assert await newcomer.asks(after=1) is None
    assert [await newcomer.asks(after=1) for _ in range(LONG)] == [None] * LONG
    assert await newcomer.asks(after=1) is not None


async def test_at_midnight_nobody_waits(holder: Replica, client: Client):
    today = await holder.asks()
    holder.at = MIDNIGHT
    tomorrow = await holder.asks(after=1)
    assert tomorrow is not None
    assert tomorrow.key != today.key
    assert await Replica(client).asks() == Salt(day=MIDNIGHT.date(), key=tomorrow.key)


async def test_many_that_race_at_midnight_agree_and_none_of_them_waits(client: Client, holder: Replica):
    others = [Replica(client) for _ in range(50)]
    together = [holder, *others]
    assert len({(await one.asks()).key for one in together}) == 1
    for one in together:
        one.at = MIDNIGHT
    got = await asyncio.gather(*[one.asks() for one in together])
    assert None not in got
    assert len({salt.key for salt in got}) == 1


@pytest.mark.parametrize("interruption", ["the connection broke", "the bucket was emptied"])
async def test_a_midnight_that_nobody_can_vouch_for_is_waited_through(client: Client, holder: Replica, interruption: str):
    if interruption == "the connection broke":
        holder.salts.doubt()
    else:
        await lose_everything(client)
    holder.at = MIDNIGHT
    assert [await holder.asks(after=1) for _ in range(LONG)] == [None] * LONG
    assert await holder.asks(after=1) is not None


async def test_who_was_frozen_uses_nothing_before_it_has_looked(client: Client, holder: Replica):
    await holder.asks()
    await lose_everything(client)
    successor = await Replica(client, NOBODY_ELSE).asks()
    holder.passed += 10
    assert holder.salts.held(NOON) is None
    assert await holder.asks() == successor


async def test_a_bucket_that_does_not_answer_leaves_the_salt_in_use(holder: Replica, monkeypatch: pytest.MonkeyPatch):
    before = await holder.asks()
    monkeypatch.setattr("collector.salts.bucket.BUCKET", "KV_out_of_reach")
    for _ in range(10):
        holder.passed += 1
        await holder.salts.look()
        assert holder.salts.held(NOON) == before


async def test_a_bucket_that_cannot_be_spread_goes_on_and_it_is_said_what_to_do(
    client: Client, holder: Replica, caplog: pytest.LogCaptureFixture
):
    spread = AgreedSalts(client, lambda: NOON, replicas=3, tolerated_skew=timedelta.max)
    with caplog.at_level(logging.WARNING, "collector.salts.bucket"):
        for _ in range(3):
            spread.doubt()
            assert await spread.of(NOON) == await holder.asks()
    (said,) = [record.getMessage() for record in caplog.records]
    assert "COLLECTOR_STREAM_REPLICAS is 3" in said
    assert "Are there as many nodes" in said
