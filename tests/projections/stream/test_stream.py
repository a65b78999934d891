"""The reader gives every message behind a position once, in order, and says so when it cannot."""

import asyncio
import os
import signal
from collections.abc import AsyncIterator, Callable

import pytest
import uvloop
from nats.aio.msg import Msg

from collector.local.nats import NatsServer
from contracts.streams import message_id
from projections.stream import Interrupted, NoStream, Reader, Stream, StreamUnavailable, connection
from projections.stream.connection import Connection
from projections.stream.delivery import numbers_in
from projections.stream.item import Sequenced
from tests.facts import WEB, pageview, traffic
from tests.projections.world import PATIENCE, Facts


@pytest.fixture
async def stream(facts: Facts) -> AsyncIterator[Stream]:
    async with Stream(facts.nats_url, facts.stream) as stream:
        await stream.connect()
        yield stream


async def read(reader: Reader, count: int) -> list[Sequenced]:
    """Return the next *count* messages."""
    items: list[Sequenced] = []
    async with asyncio.timeout(PATIENCE):
        while len(items) < count:
            items += await reader.next_batch()
    return items


async def test_messages_come_in_order_behind_the_position(facts: Facts, stream: Stream):
    sent = list(traffic(50, seed=1))
    await facts.publish(*sent)
    async with stream.read_after(20) as reader:
        items = await read(reader, 30)
    assert [item.seq for item in items] == list(range(21, 51))
    assert [item.event for item in items] == sent[20:]
    assert items[0].message_id == message_id(sent[20].tenant, sent[20].site, sent[20].id)


async def test_a_message_that_comes_later_is_delivered_too(facts: Facts, stream: Stream):
    async with stream.read_after(0) as reader:
        assert await reader.next_batch() == []
        await facts.publish(pageview())
        assert [item.seq for item in await read(reader, 1)] == [1]


async def test_a_backlog_comes_in_one_large_batch(facts: Facts, stream: Stream):
    await facts.publish(*traffic(300, seed=2))
    async with stream.read_after(0) as reader:
        assert len(await reader.next_batch()) == 300


async def test_erased_messages_leave_a_gap_that_is_no_loss(facts: Facts, stream: Stream):
    await facts.publish(*traffic(5, seed=3))
    await facts.erase(3)
    async with stream.read_after(0) as reader:
        assert [item.seq for item in await read(reader, 4)] == [1, 2, 4, 5]


async def test_a_lost_delivery_is_noticed(facts: Facts, stream: Stream):
    await facts.publish(*traffic(5, seed=4))
    async with stream.read_after(0) as reader:
        await read(reader, 5)
        reply = "$JS.ACK.EVENTS_WEB_0.projector.1.7.7.1700000000000000000.0"
        await reader._receive(Msg(_client=facts.client, subject="events.web.0.a.b.c", reply=reply, data=b""))
        with pytest.raises(Interrupted, match="lost"):
            await reader.next_batch()


@pytest.mark.parametrize(
    "reply",
    ["$JS.ACK.EVENTS.c.1.12.7.1700000000000000000.3", "$JS.ACK._.hash.EVENTS.c.1.12.7.1700000000000000000.3.token"],
    ids=["today's form", "the form with domain and account"],
)
def test_the_numbers_of_a_delivery_are_read_in_both_forms(reply: str):
    assert numbers_in(reply) == (12, 7, 3)


async def test_the_backlog_says_how_many_wait_and_since_when(facts: Facts, stream: Stream):
    await facts.publish(*traffic(5, seed=6))
    behind_two, behind_all = await stream.backlog_after(2), await stream.backlog_after(5)
    assert (behind_two.messages, behind_all.messages) == (3, 0)
    assert behind_two.oldest_at is not None
    assert behind_all.oldest_at is None


async def test_erased_messages_are_no_backlog_once_nothing_comes_after_them(facts: Facts, stream: Stream):
    await facts.publish(*traffic(6, seed=6))
    for seq in (3, 5, 6):
        await facts.erase(seq)
    assert (await stream.backlog_after(4)).messages == 0
    assert (await stream.backlog_after(2)).oldest_at is not None
    assert (await stream.backlog_after(0)).messages == 3


async def test_a_stream_that_was_made_again_has_another_identity(facts: Facts, stream: Stream):
    await facts.publish(*traffic(3, seed=7))
    before = await stream.identity()
    await facts.delete_stream()
    await facts.create_stream()
    after = await stream.identity()
    assert (before.last_seq, after.last_seq) == (3, 0)
    assert before.created != after.created


async def test_the_message_id_at_a_position_is_known_until_it_is_erased(facts: Facts, stream: Stream):
    fact = pageview()
    await facts.publish(fact)
    assert await stream.message_id_at(1) == message_id(fact.tenant, fact.site, fact.id)
    await facts.erase(1)
    assert await stream.message_id_at(1) is None


async def test_a_missing_stream_says_when_it_will_be_there(facts: Facts, stream: Stream):
    await facts.delete_stream()
    with pytest.raises(NoStream, match="made with the first event"):
        await stream.identity()


async def test_a_missing_server_is_said_within_seconds():
    async with asyncio.timeout(10), Stream("nats://127.0.0.1:1", WEB) as stream:
        with pytest.raises(StreamUnavailable, match="NATS cannot be reached"):
            await stream.connect()


def test_leaving_a_server_that_is_gone_is_no_error_though_something_is_left_to_say(nats_server: Callable[[], NatsServer]):
    server = nats_server()

    async def leave() -> None:
        connection = Connection(server.url)
        await connection.open()
        os.kill(server.pid, signal.SIGKILL)
        async with asyncio.timeout(PATIENCE):
            while connection.client.is_connected:
                await asyncio.sleep(0.01)
        await connection.client.publish("a.question", b"?")
        await connection.close()

    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:  # whose closed transports raise
        runner.run(leave())


async def test_a_server_that_falls_silent_is_noticed(nats_server: Callable[[], NatsServer]):
    server = nats_server()
    async with Facts(server.url), Stream(server.url, WEB) as stream:
        await stream.connect()
        async with stream.read_after(0) as reader:
            await reader.next_batch()
            os.kill(server.pid, signal.SIGSTOP)
            with pytest.raises(Interrupted, match="silent"):
                await read(reader, 1)
            os.kill(server.pid, signal.SIGCONT)


async def test_a_server_that_hangs_is_left_for_another(nats_server: Callable[[], NatsServer], monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(connection, "PING_SECONDS", 0.5)
    servers = [nats_server(), nats_server()]
    opened = Connection(",".join(server.url for server in servers))
    await opened.open()
    at = opened.client.connected_url.port
    hung = next(server for server in servers if server.url.endswith(f":{at}"))
    os.kill(hung.pid, signal.SIGSTOP)
    async with asyncio.timeout(PATIENCE):
        while not opened.client.is_connected or opened.client.connected_url.port == at:
            await asyncio.sleep(0.02)
    os.kill(hung.pid, signal.SIGCONT)
    await opened.close()


async def test_a_token_may_be_percent_encoded(session_nats: NatsServer):
    token, _, place = session_nats.url.removeprefix("nats://").partition("@")
    opened = Connection(f"nats://{''.join(f'%{ord(sign):02x}' for sign in token)}@{place}")
    await opened.open()
    await opened.close()


async def test_a_consumer_that_is_gone_is_noticed(facts: Facts, stream: Stream):
    async with stream.read_after(0) as reader:
        await reader.next_batch()
        await facts.delete_stream()
        with pytest.raises(Interrupted):
            await read(reader, 1)


async def test_a_client_whose_closing_is_cancelled_is_closed_and_nobody_else_is_cancelled(
    nats_url: str, monkeypatch: pytest.MonkeyPatch
):
    connection = Connection(nats_url)
    await connection.open()
    client, close = connection.client, connection.client.close

    async def cancelled() -> None:
        await close()
        raise asyncio.CancelledError  # as when the task that reconnects is cancelled while it waits for the same socket

    monkeypatch.setattr(client, "close", cancelled)
    await connection.close()
    assert client.is_closed
