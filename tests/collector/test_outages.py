"""While its stream is away, full, of before or not as made, ingest stores nothing, says why, and comes back by itself."""

import asyncio
import os
import signal
from collections.abc import Callable

import pytest

from collector.local.nats import NatsServer
from collector.outcomes import UnavailableReason
from collector.settings import MOST_STREAM_BYTES
from collector.stream import connection as broker
from collector.stream.streams import FormerStream
from contracts.streams import FORMER_STREAM, EventStream, share_of, stream_settings
from tests.collector.ingest import Running, running
from tests.facts import STREAM, WEB

PAGE = {"domain": "shop.example", "pathname": "/"}


async def test_without_nats_the_answer_is_503_and_comes_back_by_itself(nats_server: Callable[[], NatsServer]):
    server = nats_server()
    async with running(server.url) as collector:
        assert (await collector.http.post("/api/event", json=PAGE)).status_code == 204
        os.kill(server.pid, signal.SIGKILL)
        answer = await collector.http.post("/api/event", json=PAGE)
        assert answer.status_code == 503
        assert int(answer.headers["Retry-After"]) > 0
        assert answer.json()["code"] in {reason.value for reason in UnavailableReason}
        assert any(collector.ingest.checks().values())
        server.stop()
        server.start()
        async with asyncio.timeout(20):
            while (await collector.http.post("/api/event", json=PAGE)).status_code == 503:
                await asyncio.sleep(0.05)
        assert not any(collector.ingest.checks().values())


async def test_it_starts_without_nats_and_says_what_is_missing(nats_server: Callable[[], NatsServer]):
    server = nats_server()
    server.stop()
    async with running(server.url) as collector:
        assert (await collector.http.post("/api/event", json=PAGE)).status_code == 503
        assert "COLLECTOR_NATS_URL" in collector.ingest.checks()["nats"]


async def test_it_is_ready_before_there_is_any_stream(collector: Running):
    assert not any(collector.ingest.checks().values())
    assert await collector.count() == 0


async def test_a_stream_of_before_refuses_the_start(stream_free_nats: str):
    client = await broker.connect(stream_free_nats, on_loss=lambda: None)
    await broker.ask(client, f"STREAM.CREATE.{FORMER_STREAM}", {"name": FORMER_STREAM, "subjects": ["former.>"]})
    with pytest.raises(FormerStream, match="safe there"):
        async with running(stream_free_nats):
            pass
    await broker.ask(client, f"STREAM.DELETE.{FORMER_STREAM}")
    await broker.disconnect(client)


async def test_a_drifted_stream_is_refused_at_the_start(stream_free_nats: str):
    client = await broker.connect(stream_free_nats, on_loss=lambda: None)
    await broker.ask(
        client, f"STREAM.CREATE.{STREAM}", stream_settings(WEB, max_bytes=1 << 28, replicas=1) | {"discard": "old"}
    )
    await broker.disconnect(client)
    with pytest.raises(broker.StreamDrifted, match="discard"):
        async with running(stream_free_nats):
            pass


async def test_a_stream_that_drifts_later_takes_no_more_events(collector: Running):
    assert (await collector.http.post("/api/event", json=PAGE)).status_code == 204
    changed = stream_settings(WEB, max_bytes=1 << 28, replicas=1) | {"discard": "old"}
    await broker.ask(collector.client, f"STREAM.UPDATE.{STREAM}", changed)
    collector.ingest.care.recheck_streams()
    with pytest.raises(broker.StreamDrifted):
        await collector.ingest.care.see_to_it()
    assert (await collector.http.post("/api/event", json=PAGE)).status_code == 503
    assert "discard" in collector.ingest.checks()["stream"]


async def test_a_drifted_stream_that_is_moved_away_is_made_again_with_its_next_fact(collector: Running):
    assert (await collector.http.post("/api/event", json=PAGE)).status_code == 204
    changed = stream_settings(WEB, max_bytes=1 << 28, replicas=1) | {"discard": "old"}
    await broker.ask(collector.client, f"STREAM.UPDATE.{STREAM}", changed)
    collector.ingest.care.recheck_streams()
    with pytest.raises(broker.StreamDrifted):
        await collector.ingest.care.see_to_it()
    await broker.ask(collector.client, f"STREAM.DELETE.{STREAM}")
    await collector.ingest.care.see_to_it()
    assert collector.ingest.checks()["stream"] == ""
    assert (await collector.http.post("/api/event", json=PAGE)).status_code == 204


async def test_a_stream_that_cannot_be_made_is_not_ready_and_says_why(stream_free_nats: str):
    async with running(stream_free_nats, {"COLLECTOR_STREAM_MAX_BYTES": str(MOST_STREAM_BYTES)}) as hungry:
        other, share = EventStream(family="other"), share_of(WEB, MOST_STREAM_BYTES)
        # All that a nats-server of ours takes, but for half a share of the web's.
        room = stream_settings(other, max_bytes=2 * MOST_STREAM_BYTES - share // 2, replicas=1)
        await broker.ask(hungry.client, f"STREAM.CREATE.{other.name}", room)
        assert (await hungry.http.post("/api/event", json=PAGE)).json()["code"] == "stream_full"
        await hungry.ingest.care.see_to_it()
        assert "COLLECTOR_STREAM_MAX_BYTES" in hungry.ingest.checks()["stream"]
        await broker.ask(hungry.client, f"STREAM.DELETE.{other.name}")
        await hungry.ingest.care.see_to_it()
        assert hungry.ingest.checks()["stream"] == ""
        assert (await hungry.http.post("/api/event", json=PAGE)).status_code == 204
