"""The publisher's promises: an answer only after the stream has it, once for one id, and never a hang."""

import asyncio
import base64
import os
import signal
from collections.abc import AsyncIterator, Callable
from datetime import UTC, date, datetime
from typing import Any

import pytest
import uvloop
from nats.aio.client import Client

from collector.local.nats import NatsServer
from collector.outcomes import Rejected, Stored, Unavailable, UnavailableReason
from collector.record import uuid7
from collector.stream import connection as broker
from collector.stream.groups import GROUPS_IN_FLIGHT
from collector.stream.parcel import MOST_BYTES
from collector.stream.publisher import Publisher
from collector.stream.streams import FormerStream, Streams
from contracts.codec import CODEC
from contracts.events import EventRecorded, Page
from contracts.jetstream import ApiAnswer
from contracts.streams import FORMER_STREAM, EventStream, stream_for
from tests.collector.stream.room import ROOM, streams
from tests.facts import STREAM, WEB

NOW = datetime(2026, 11, 22, 10, tzinfo=UTC)


def event(*, id_: str | None = None, site: str = "shop.example", props: dict[str, Any] | None = None) -> EventRecorded:
    return EventRecorded(
        id=id_ or uuid7(NOW),
        tenant="main",
        site=site,
        occurred_at=NOW,
        received_at=NOW,
        salt_day=date(2026, 11, 22),
        visitor="00" * 16,
        page=Page(hostname=site, path="/"),
        name="Signup",
        props=props or {},
    )


async def stored(client: Client) -> int:
    return int((await broker.ask(client, f"STREAM.INFO.{STREAM}")).state.messages)


@pytest.fixture
async def publisher(client: Client) -> AsyncIterator[Publisher]:
    async with Publisher(client, streams(client)) as publisher:
        yield publisher


async def test_a_lone_event_is_in_the_stream_when_it_is_answered(client: Client, publisher: Publisher):
    sent = event()
    answer = await publisher.submit(sent)
    assert (answer.id, answer.duplicate) == (sent.id, False)
    assert await stored(client) == 1


async def test_events_of_one_moment_are_committed_together_and_in_order(client: Client, publisher: Publisher):
    sent = [event() for _ in range(2500)]
    answers = await asyncio.gather(*[publisher.submit(one) for one in sent])
    assert [answer.id for answer in answers] == [one.id for one in sent]
    assert await stored(client) == 2500
    first = await broker.ask(client, f"STREAM.MSG.GET.{STREAM}", {"seq": 1})
    last = await broker.ask(client, f"STREAM.MSG.GET.{STREAM}", {"seq": 2500})
    assert [CODEC.decode(data_of(message)).id for message in (first, last)] == [sent[0].id, sent[-1].id]


def data_of(answer: ApiAnswer) -> bytes:
    return base64.b64decode(answer.message.data)


async def test_the_same_id_is_stored_once_and_said_to_be_a_duplicate(client: Client, publisher: Publisher):
    sent = event()
    assert not (await publisher.submit(sent)).duplicate
    assert (await publisher.submit(sent)).duplicate
    assert await stored(client) == 1


async def test_a_duplicate_inside_a_group_spoils_none_of_its_neighbours(client: Client, publisher: Publisher):
    known = event()
    await publisher.submit(known)
    group = [event() for _ in range(20)]
    group[7] = known
    answers = await asyncio.gather(*[publisher.submit(one) for one in group])
    assert [answer.duplicate for answer in answers].count(True) == 1
    assert answers[7].duplicate
    assert await stored(client) == 20


async def test_one_id_twice_in_one_group_is_stored_once(client: Client, publisher: Publisher):
    twin = event()
    answers = await asyncio.gather(*[publisher.submit(one) for one in (event(), twin, event(), twin)])
    assert sum(answer.duplicate for answer in answers) == 1
    assert await stored(client) == 3


async def test_two_sites_may_use_the_same_id(client: Client, publisher: Publisher):
    id_ = uuid7(NOW)
    answers = await asyncio.gather(
        publisher.submit(event(id_=id_, site="a.example")), publisher.submit(event(id_=id_, site="b.example"))
    )
    assert not any(answer.duplicate for answer in answers)
    assert await stored(client) == 2


async def test_a_full_stream_is_unavailable_and_drops_nothing_old(stream_free_nats: str):
    client = await broker.connect(stream_free_nats, on_loss=lambda: None)
    async with Publisher(client, streams(client, max_bytes=20_000)) as publisher:
        answers = [await settled(publisher, event()) for _ in range(100)]
        accepted = sum(isinstance(answer, Stored) for answer in answers)
        refused = answers[-1]
        assert isinstance(refused, Unavailable)
        assert (refused.reason, refused.retry_after) == (UnavailableReason.STREAM_FULL, 60)
        group = await asyncio.gather(*[publisher.submit(event()) for _ in range(10)], return_exceptions=True)
        assert all(isinstance(answer, Unavailable) for answer in group)
        assert await stored(client) == accepted
    await broker.disconnect(client)


async def settled(publisher: Publisher, one: EventRecorded) -> Stored | Unavailable:
    try:
        return await publisher.submit(one)
    except Unavailable as refused:
        return refused


async def test_an_event_too_large_for_the_stream_is_refused_before_it_is_sent(publisher: Publisher):
    with pytest.raises(Rejected):
        publisher.submit(event(props={str(number): "x" * 2000 for number in range(40)}))


async def test_the_largest_event_that_is_taken_fits_the_stream_with_its_headers_alone_and_in_a_group(publisher: Publisher):
    def largest(*, less: int) -> EventRecorded:
        filler = {str(number): "x" * 2000 for number in range(31)}
        return event(props=filler | {"last": "x" * (MOST_BYTES - less)})

    less = len(CODEC.encode(largest(less=0))) - MOST_BYTES
    assert isinstance(await publisher.submit(largest(less=less)), Stored)
    answers = await asyncio.gather(*[publisher.submit(largest(less=less)) for _ in range(3)])
    assert all(isinstance(answer, Stored) for answer in answers)
    with pytest.raises(Rejected):
        publisher.submit(largest(less=less - 1))


async def test_a_stream_is_made_with_the_first_fact_of_its_family(stream_free_nats: str):
    client = await broker.connect(stream_free_nats, on_loss=lambda: None)
    async with Publisher(client, streams(client)) as publisher:
        assert await streams(client).keep() == ([], [])
        answers = await asyncio.gather(*[publisher.submit(event()) for _ in range(3)])
        assert not any(answer.duplicate for answer in answers)
        assert await streams(client).keep() == ([WEB], [])
    await broker.disconnect(client)


async def test_a_stream_that_somebody_deleted_is_made_again(client: Client, publisher: Publisher):
    await publisher.submit(event())
    await broker.ask(client, f"STREAM.DELETE.{STREAM}")
    await retried(publisher, event())
    assert await stored(client) == 1


async def test_a_stream_that_has_no_room_is_full(stream_free_nats: str, caplog: pytest.LogCaptureFixture):
    client = await broker.connect(stream_free_nats, on_loss=lambda: None)
    async with Publisher(client, streams(client, max_bytes=1 << 60)) as publisher:
        with pytest.raises(Unavailable) as refused:
            await publisher.submit(event())
        assert (refused.value.reason, refused.value.retry_after) == (UnavailableReason.STREAM_FULL, 60)
    assert "max_file_store" in caplog.text
    await broker.disconnect(client)


async def test_each_partition_is_a_stream_and_one_that_is_full_stops_no_other(stream_free_nats: str):
    client = await broker.connect(stream_free_nats, on_loss=lambda: None)
    both = Streams(client, max_bytes=ROOM, replicas=1, partitions=2)
    here, there = (next(site for site in SITES if partition_of(site) == number) for number in range(2))
    small = EventStream(family="web", partition=1, partitions=2)
    await broker.ensure_stream(client, small, max_bytes=1000, replicas=1)
    await broker.ensure_stream(client, EventStream(family="web", partitions=2), max_bytes=ROOM, replicas=1)
    async with Publisher(client, both) as publisher:
        publisher.open(small)  # as it is, and not as it should be
        sites = [here, there] * 20
        answers = await asyncio.gather(*[publisher.submit(event(site=site)) for site in sites], return_exceptions=True)
        held = [answer for site, answer in zip(sites, answers, strict=True) if site == here]
        assert all(isinstance(answer, Stored) for answer in held)
        assert any(isinstance(answer, Unavailable) for answer in answers)
    await broker.disconnect(client)


SITES = [f"site-{number}.example" for number in range(100)]


def partition_of(site: str) -> int:
    return stream_for("web", "main", site, partitions=2).partition


async def test_a_stream_of_before_is_refused_and_not_ignored(stream_free_nats: str):
    client = await broker.connect(stream_free_nats, on_loss=lambda: None)
    await broker.ask(client, f"STREAM.CREATE.{FORMER_STREAM}", {"name": FORMER_STREAM, "subjects": ["former.>"]})
    with pytest.raises(FormerStream, match="safe there"):
        await streams(client).keep()
    await broker.ask(client, f"STREAM.DELETE.{FORMER_STREAM}")
    await broker.disconnect(client)


async def test_a_frozen_server_is_unavailable_in_time_and_the_retry_is_stored_once(nats_server: Callable[[], NatsServer]):
    server = nats_server()
    client = await broker.connect(server.url, on_loss=lambda: None)
    await broker.ensure_stream(client, WEB, max_bytes=ROOM, replicas=1)
    async with Publisher(client, streams(client)) as publisher:
        await publisher.submit(event())
        os.kill(server.pid, signal.SIGSTOP)
        sent = [event() for _ in range(GROUPS_IN_FLIGHT * 3)]
        answers = await asyncio.gather(*[publisher.submit(one) for one in sent], return_exceptions=True)
        assert all(isinstance(answer, Unavailable) for answer in answers)
        os.kill(server.pid, signal.SIGCONT)
        for one in sent:  # what was unknown comes back with the same id
            await retried(publisher, one)
        assert await stored(client) == 1 + len(sent)
    await broker.disconnect(client)


def test_leaving_a_server_that_is_gone_is_no_error_though_something_is_left_to_say(nats_server: Callable[[], NatsServer]):
    server = nats_server()

    async def leave() -> None:
        lost = asyncio.Event()
        client = await broker.connect(server.url, on_loss=lost.set)
        os.kill(server.pid, signal.SIGKILL)
        await asyncio.wait_for(lost.wait(), 10)
        await client.publish("a.question", b"?")
        await broker.disconnect(client)

    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:  # whose closed transports raise
        runner.run(leave())


async def test_a_killed_server_is_unavailable_at_once_and_comes_back(nats_server: Callable[[], NatsServer]):
    server = nats_server()
    lost = asyncio.Event()
    client = await broker.connect(server.url, on_loss=lost.set)
    await broker.ensure_stream(client, WEB, max_bytes=ROOM, replicas=1)
    async with Publisher(client, streams(client)) as publisher:
        await publisher.submit(event())
        os.kill(server.pid, signal.SIGKILL)
        await asyncio.wait_for(lost.wait(), 10)
        with pytest.raises(Unavailable) as refused:
            await publisher.submit(event())
        assert refused.value.reason is UnavailableReason.STREAM_DISCONNECTED
        server.stop()
        server.start()
        await retried(publisher, event())
        assert await stored(client) == 2
    await broker.disconnect(client)


async def retried(publisher: Publisher, one: EventRecorded) -> None:
    async with asyncio.timeout(20):
        while True:
            try:
                await publisher.submit(one)
            except Unavailable:
                await asyncio.sleep(0.05)
            else:
                return
