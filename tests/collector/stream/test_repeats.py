"""A client that repeats itself costs itself: neighbours keep their group, and what was never confirmed is found out."""

import asyncio
import base64
import os
import signal
from collections.abc import AsyncIterator, Callable

import pytest
from nats.aio.client import Client

from collector.fate import Landing
from collector.local.nats import NatsServer
from collector.outcomes import Stored, Unavailable
from collector.stream import connection as broker
from collector.stream.lately import OFTEN, ONCE, SLOTS, Lately
from collector.stream.lookback import held_of
from collector.stream.publisher import Publisher
from collector.stream.questions import HELD_MOST
from contracts.jetstream import StoredMessage
from contracts.streams import message_id
from tests.collector.stream.test_publish import ROOM, event, retried, stored, streams
from tests.facts import STREAM, WEB


@pytest.fixture
async def client(stream_free_nats: str) -> AsyncIterator[Client]:
    client = await broker.connect(stream_free_nats, on_loss=lambda: None)
    await broker.ensure_stream(client, WEB, max_bytes=ROOM, replicas=1)
    yield client
    await broker.disconnect(client)


async def message_at(client: Client, seq: int) -> StoredMessage:
    return (await broker.ask(client, f"STREAM.MSG.GET.{STREAM}", {"seq": seq})).message


async def went_alone(client: Client, last: int) -> int:
    """How many of the first *last* stored messages had to be written on their own."""
    messages = [await message_at(client, seq) for seq in range(1, last + 1)]
    return sum(b"Nats-Batch-Id" not in base64.b64decode(message.hdrs) for message in messages)


async def test_the_neighbours_of_a_repeat_that_another_process_stored_stay_together(client: Client):
    known = [event() for _ in range(3)]
    async with Publisher(client, streams(client)) as elsewhere:
        for one in known:
            await elsewhere.submit(one)
    async with Publisher(client, streams(client)) as publisher:
        group = [event() for _ in range(200)]
        group[17], group[80], group[199] = known
        answers = await asyncio.gather(*[publisher.submit(one) for one in group])
    assert [number for number, answer in enumerate(answers) if answer.duplicate] == [17, 80, 199]
    assert await stored(client) == 200
    assert await went_alone(client, 200) == len(known)


async def test_a_repeat_of_what_we_stored_ourselves_refuses_no_group(client: Client):
    async with Publisher(client, streams(client)) as publisher:
        known = event()
        await publisher.submit(known)
        for _ in range(3):
            answers = await asyncio.gather(*[publisher.submit(one) for one in (event(), known, *[event() for _ in range(50)])])
            assert sum(answer.duplicate for answer in answers) == 1
    assert await went_alone(client, await stored(client)) == 1


async def test_those_who_come_with_an_id_that_is_under_way_share_its_answer(client: Client):
    async with Publisher(client, streams(client)) as publisher:
        twin = event()
        answers = await asyncio.gather(*[publisher.submit(twin) for _ in range(100)])
    assert sum(not answer.duplicate for answer in answers) == 1
    assert await stored(client) == 1


async def test_whoever_has_had_the_answer_twice_waits_longer_than_those_with_news(client: Client):
    async with Publisher(client, streams(client)) as publisher:
        noise = event()
        for _ in range(OFTEN):
            await publisher.submit(noise)
        repeated = publisher.submit(noise)
        for _ in range(20):
            await publisher.submit(event())
        assert not repeated.done()
        assert (await repeated).duplicate


async def test_no_more_than_so_many_are_held_back(client: Client):
    async with Publisher(client, streams(client)) as publisher:
        often = [event() for _ in range(HELD_MOST + 100)]  # some of which lose their slot in the table of ids to others
        for _ in range(OFTEN):
            for first in range(0, len(often), 300):  # few enough to be answered in time beside other tests
                await asyncio.gather(*[publisher.submit(one) for one in often[first : first + 300]])
        held, refused = [], 0
        for one in often:
            try:
                held.append(publisher.submit(one))
            except Unavailable:
                refused += 1
        assert refused > 0
        answers = await asyncio.gather(*held, return_exceptions=True)
        assert all(answer.duplicate for answer in answers if not isinstance(answer, Unavailable))
    assert await stored(client) == len(often)


async def test_everything_sent_again_by_another_process_is_stored_once_and_new_facts_beside_it(client: Client):
    sent = [event() for _ in range(1500)]
    async with Publisher(client, streams(client)) as before:
        await asyncio.gather(*[before.submit(one) for one in sent])
    async with Publisher(client, streams(client)) as after:
        mixed = [one for pair in zip(sent, [event() for _ in sent], strict=True) for one in pair]
        answers = []
        for first in range(0, len(mixed), 600):  # few enough to be answered in time beside other tests
            answers += await asyncio.gather(*[after.submit(one) for one in mixed[first : first + 600]])
    assert [answer.duplicate for answer in answers] == [True, False] * len(sent)
    assert await stored(client) == 2 * len(sent)
    assert await went_alone(client, 2 * len(sent)) == 0


async def test_a_stream_that_is_gone_is_made_again_before_anybody_is_refused(client: Client):
    async with Publisher(client, streams(client)) as publisher:
        await publisher.submit(event())
        await broker.ask(client, f"STREAM.DELETE.{STREAM}")
        answers = await asyncio.gather(*[publisher.submit(event()) for _ in range(30)])
    assert not any(answer.duplicate for answer in answers)
    assert await stored(client) == 30


async def test_what_landed_though_nobody_heard_is_found_out(nats_server: Callable[[], NatsServer]):
    server = nats_server()
    client = await broker.connect(server.url, on_loss=lambda: None)
    async with Publisher(client, streams(client)) as publisher:
        await publisher.submit(event())
        os.kill(server.pid, signal.SIGSTOP)
        unknown = await unavailable(publisher)
        os.kill(server.pid, signal.SIGCONT)
        assert await landing_of(unknown) is Landing.LANDED
        assert await stored(client) == 2
    await broker.disconnect(client)


async def test_what_never_came_in_is_found_out_too_and_a_retry_settles_it_as_well(nats_server: Callable[[], NatsServer]):
    server = nats_server()
    told: list[Publisher] = []
    client = await broker.connect(server.url, on_loss=lambda: [each.lose() for each in told] and None)
    async with Publisher(client, streams(client)) as publisher:
        told.append(publisher)
        await publisher.submit(event())
        os.kill(server.pid, signal.SIGSTOP)
        never, retry = await asyncio.gather(unavailable(publisher), unavailable(publisher, second := event()))
        os.kill(server.pid, signal.SIGKILL)
        server.stop()
        server.start()
        await retried(publisher, second)
        assert await landing_of(retry) is Landing.NOT_LANDED
        await retried(publisher, event())
        assert await landing_of(never) is Landing.NOT_LANDED
        assert await stored(client) == 3
    await broker.disconnect(client)


async def landing_of(unknown: Unavailable) -> Landing:
    assert unknown.fate is not None
    async with asyncio.timeout(30):
        while unknown.fate.landing is Landing.UNKNOWN:
            await asyncio.sleep(0.05)
    return unknown.fate.landing


async def unavailable(publisher: Publisher, one=None) -> Unavailable:
    answer = (await asyncio.gather(publisher.submit(one or event()), return_exceptions=True))[0]
    assert isinstance(answer, Unavailable), isinstance(answer, Stored)
    return answer


def test_the_table_of_ids_knows_what_it_was_told_last_and_nothing_else():
    lately = Lately()
    ids = [f"{number:022d}" for number in range(20_000)]
    assert not any(lately.times(id_) for id_ in ids)
    for id_ in ids:
        lately.keep(id_, ONCE)
    known = sum(lately.times(id_) == ONCE for id_ in ids)
    assert known > len(ids) * 0.97  # the newest wins its slot
    assert not any(lately.times(f"other{number}") for number in range(20_000))
    lately.keep(ids[-1], OFTEN)
    assert lately.times(ids[-1]) == OFTEN
    assert SLOTS * 8 == 8 << 20


async def test_a_stream_that_must_not_be_asked_is_looked_through(client: Client):
    async with Publisher(client, streams(client)) as publisher:
        there, elsewhere = [event() for _ in range(300)], event()
        await asyncio.gather(*[publisher.submit(one) for one in there])
    ids = {message_id(one.tenant, one.site, one.id) for one in (*there[::100], elsewhere)}
    held = await held_of(client, WEB, ids, seconds=5)
    assert held == ids - {message_id(elsewhere.tenant, elsewhere.site, elsewhere.id)}


async def test_an_empty_stream_is_looked_through_at_once(client: Client):
    assert await held_of(client, WEB, {"nothing"}, seconds=5) == set()
