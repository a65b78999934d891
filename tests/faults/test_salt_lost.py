"""A salt that goes missing behind everybody's back comes back from memory, and replicas that were parted agree again."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime

import pytest
from nats.aio.client import Client

from collector.salts.agreed import AgreedSalts
from collector.salts.bucket import BUCKET, SUBJECT_ROOT
from collector.salts.precedence import NOBODY_ELSE
from collector.stream import connection as broker


def now() -> datetime:
    return datetime.now(UTC)


@pytest.fixture
async def client(stream_free_nats: str) -> AsyncIterator[Client]:
    client = await broker.connect(stream_free_nats, on_loss=lambda: None)
    yield client
    await broker.disconnect(client)


def replica(client: Client) -> AgreedSalts:
    return AgreedSalts(client, now, precedence=NOBODY_ELSE)


async def lose_the_bucket(client: Client) -> None:
    await broker.ask(client, f"STREAM.DELETE.{BUCKET}")


async def lose_todays_value(client: Client) -> None:
    await broker.ask(client, f"STREAM.PURGE.{BUCKET}", {"filter": f"{SUBJECT_ROOT}.{now().date()}"})


@pytest.mark.parametrize("lose", [lose_the_bucket, lose_todays_value])
async def test_who_holds_the_salt_puts_it_back_for_those_who_come(client: Client, lose):
    first = replica(client)
    before = await first.of(now())
    await lose(client)
    await first.recheck()
    assert await replica(client).of(now()) == before


@pytest.mark.parametrize("lose", [lose_the_bucket, lose_todays_value])
async def test_replicas_that_were_parted_agree_again_without_a_broken_connection(client: Client, lose):
    first, second = replica(client), replica(client)
    await first.of(now())
    await lose(client)
    await second.of(now())
    await first.recheck()
    assert first.held(now()) == second.held(now())


async def test_a_spoilt_value_is_not_taken_over(client: Client):
    salts = replica(client)
    before = await salts.of(now())
    await client.request(f"{SUBJECT_ROOT}.{now().date()}", b"short", timeout=2)
    await salts.recheck()
    assert salts.held(now()) == before
