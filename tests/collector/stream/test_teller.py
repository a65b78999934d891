"""A run tells its tally beside the facts, through NATS being away or its stream being gone, and never at their cost."""

import base64
import os
import signal
from collections import Counter
from collections.abc import Callable

import msgspec
import pytest
from nats.aio.client import Client

from collector.local.nats import NatsServer
from collector.outcomes import DropReason
from collector.stream import connection as broker
from contracts.jetstream import JetStreamError
from contracts.tallies import TALLY_CODEC, TALLY_STREAM, TallyHead, TallyPart, tally_settings
from tests.collector.ingest import Running, running
from tests.projections.world import until

PAGE = {"domain": "shop.example", "pathname": "/"}
PRODUCTION = {"COLLECTOR_MODE": "production", "COLLECTOR_SITES": "shop.example,other.example"}
INFO = f"STREAM.INFO.{TALLY_STREAM.name}"


async def told(client: Client) -> tuple[list[TallyPart], list[TallyHead]]:
    """Return everything that the stream keeps."""
    state = (await broker.ask(client, INFO)).state
    parts: list[TallyPart] = []
    heads: list[TallyHead] = []
    for seq in range(state.first_seq, state.last_seq + 1):
        try:
            message = (await broker.ask(client, f"STREAM.MSG.GET.{TALLY_STREAM.name}", {"seq": seq})).message
        except JetStreamError:  # another has taken its place
            continue
        document = TALLY_CODEC.decode(base64.b64decode(message.data))
        assert document.subject == message.subject
        (heads if isinstance(document, TallyHead) else parts).append(document)
    return parts, heads


async def endings(client: Client) -> Counter[tuple[str, str, str]]:
    """Return how many hits of which site ended in which way for which reason, by what was told."""
    found: Counter[tuple[str, str, str]] = Counter()
    for part in (await told(client))[0]:
        for line in part.lines:
            found[line.site, line.ending.value, line.reason] += line.hits
    return found


async def is_there(client: Client) -> bool:
    return TALLY_STREAM.name in ((await broker.ask(client, "STREAM.NAMES")).streams or [])


async def test_every_hit_is_told_once_by_its_site_and_how_it_ended(stream_free_nats: str):
    async with running(stream_free_nats, PRODUCTION) as collector:
        post = collector.http.post
        await post("/api/event", json=PAGE | {"id": "order-1"})
        await post("/api/event", json=PAGE | {"id": "order-1"})
        await post("/api/event", json=PAGE | {"domain": "shpo.example"})
        await post("/api/event", json=PAGE, headers={"Sec-GPC": "1"})
        await post("/api/event", content=b"{", headers={"Content-Type": "application/json"})
        await collector.http.put("/api/event", json=PAGE)
        await post("/api/events/batch", json={"events": [PAGE, {"pathname": 7}, PAGE | {"domain": "other.example"}]})
        await collector.ingest.teller.tell()
        assert await endings(collector.client) == {
            ("shop.example", "stored", ""): 2,
            ("shop.example", "repeated", ""): 1,
            ("shpo.example", "dropped", "unknown_site"): 1,
            ("shop.example", "dropped", "privacy_signal"): 1,
            ("other.example", "stored", ""): 1,
            ("", "rejected", "not_json"): 1,
            ("", "rejected", "method"): 1,
            ("", "rejected", "wrong_type"): 1,
        }


async def test_a_run_that_ends_says_so_with_its_last_counts_and_one_that_lives_does_not(stream_free_nats: str):
    client = await broker.connect(stream_free_nats, on_loss=lambda: None)
    async with running(stream_free_nats) as collector:
        await collector.http.post("/api/event", json=PAGE)
        await collector.ingest.teller.tell()
        (head,) = (await told(client))[1]
        assert not head.ended
        await collector.http.post("/api/event", json=PAGE)
    (last,) = (await told(client))[1]
    assert (last.run, last.ended) == (head.run, True)
    assert last.told_at > head.told_at
    assert await endings(client) == {("shop.example", "stored", ""): 2}
    await broker.disconnect(client)


async def test_before_anything_is_counted_there_is_no_stream_and_then_every_run_is_in_it(stream_free_nats: str):
    async with running(stream_free_nats) as quiet:
        await quiet.ingest.teller.tell()
        assert not await is_there(quiet.client)
        async with running(stream_free_nats) as collector:
            await collector.http.post("/api/event", json=PAGE)
            await collector.ingest.teller.tell()
        await quiet.ingest.teller.tell()
        assert len((await told(quiet.client))[1]) == 2


async def test_what_is_counted_while_nats_is_away_is_told_when_it_is_back(nats_server: Callable[[], NatsServer]):
    server = nats_server()
    async with running(server.url) as collector:
        await collector.http.post("/api/event", json=PAGE)
        server.stop()
        await connection_is(collector, there=False)
        for _ in range(3):
            assert (await collector.http.post("/api/event", json=PAGE)).status_code == 503
        await collector.ingest.teller.tell()
        server.start()
        await connection_is(collector, there=True)

        async def is_told() -> bool:
            await collector.ingest.teller.tell()
            return await is_there(collector.client) and sum((await endings(collector.client)).values()) == 4

        await until(is_told)
        (part,) = (await told(collector.client))[0]
        (refused,) = (line for line in part.lines if line.reason == "stream_disconnected")
        assert (refused.hits, refused.not_landed, refused.landed) == (3, 3, 0), "at the door nothing was sent"


async def test_a_stream_that_was_taken_away_is_made_again_and_told_what_is_held(stream_free_nats: str):
    async with running(stream_free_nats) as collector:
        await collector.http.post("/api/event", json=PAGE)
        await collector.ingest.teller.tell()
        await broker.ask(collector.client, f"STREAM.DELETE.{TALLY_STREAM.name}")
        await collector.http.post("/api/event", json=PAGE)
        await collector.ingest.teller.tell()  # finds that nobody answers
        await collector.ingest.teller.tell()
        assert await endings(collector.client) == {("shop.example", "stored", ""): 2}


async def test_a_stream_that_another_run_has_made_again_is_told_what_is_held(stream_free_nats: str):
    async with running(stream_free_nats) as collector:
        await collector.http.post("/api/event", json=PAGE)
        await collector.ingest.teller.tell()
        await broker.ask(collector.client, f"STREAM.DELETE.{TALLY_STREAM.name}")
        await broker.ask(collector.client, f"STREAM.CREATE.{TALLY_STREAM.name}", tally_settings(replicas=1))
        for _ in range(2):
            await collector.ingest.teller.tell()
        assert await endings(collector.client) == {("shop.example", "stored", ""): 1}


async def test_settings_of_the_stream_that_changed_are_set_back(stream_free_nats: str):
    client = await broker.connect(stream_free_nats, on_loss=lambda: None)
    changed = tally_settings(replicas=1) | {"max_bytes": 1_000_000, "max_age": 0}
    await broker.ask(client, f"STREAM.CREATE.{TALLY_STREAM.name}", changed)
    async with running(stream_free_nats) as collector:
        await collector.ingest.teller.tell()
    config = (await broker.ask(client, INFO)).config
    assert {name: config.get(name) for name in ("max_bytes", "max_age", "discard")} == {
        name: tally_settings(replicas=1)[name] for name in ("max_bytes", "max_age", "discard")
    }
    await broker.disconnect(client)


async def test_a_stream_that_cannot_be_made_costs_no_fact_and_no_readiness_and_is_said_once(
    stream_free_nats: str, caplog: pytest.LogCaptureFixture
):
    client = await broker.connect(stream_free_nats, on_loss=lambda: None)
    # What is somebody else's: JetStream refuses two streams for one subject.
    await broker.ask(client, "STREAM.CREATE.THEIRS", {"name": "THEIRS", "subjects": ["tallies.theirs.>"]})
    async with running(stream_free_nats) as collector:
        for _ in range(3):
            assert (await collector.http.post("/api/event", json=PAGE)).status_code == 204
            await collector.ingest.teller.tell()
        assert set(collector.ingest.checks().values()) == {""}
        assert caplog.text.count("what was not stored cannot be told") == 1
        await broker.ask(client, "STREAM.DELETE.THEIRS")
        await collector.ingest.teller.tell()
        assert await endings(client) == {("shop.example", "stored", ""): 3}
    await broker.disconnect(client)


async def test_what_was_answered_503_and_landed_all_the_same_is_told(nats_server: Callable[[], NatsServer]):
    server = nats_server()
    async with running(server.url, PRODUCTION) as collector:
        post = collector.http.post
        assert (await post("/api/event", json=PAGE)).status_code == 204
        os.kill(server.pid, signal.SIGSTOP)
        assert (await post("/api/event", json=PAGE)).status_code == 503
        os.kill(server.pid, signal.SIGCONT)

        async def is_told() -> bool:
            await collector.ingest.teller.tell()
            unknown = [
                line for part in (await told(collector.client))[0] for line in part.lines if line.ending == "unavailable"
            ]
            return [(line.hits, line.landed, line.not_landed) for line in unknown] == [(1, 1, 0)]

        await until(is_told)
        assert await collector.count() == 2


async def test_nobody_can_be_found_in_what_is_told(stream_free_nats: str):
    canaries = ["anna@mail.example", "198.51.100.98", "2001:db8::17", "canary-4f1c9a7be02d4711aa"]
    async with running(stream_free_nats, PRODUCTION) as collector:
        for canary in canaries:
            answer = await collector.http.post("/api/event", json=PAGE | {"domain": canary}, headers={"User-Agent": canary})
            assert answer.headers["X-Collector-Dropped"] == DropReason.UNKNOWN_SITE
            await collector.http.get("/pixel.gif", params={"site": canary, "path": f"/{canary}"}, headers={"DNT": "1"})
        await collector.http.post("/api/event", json=PAGE | {"domain": "misspelt.example"})
        await collector.ingest.teller.tell()
        written = b"".join(msgspec.json.encode(document) for kind in await told(collector.client) for document in kind)
        assert b"misspelt.example" in written, "the search must be able to find what is there"
        assert [canary for canary in canaries if canary.encode() in written] == []
        assert (await endings(collector.client))["(other)", "dropped", "unknown_site"] == len(canaries)


async def connection_is(collector: Running, *, there: bool) -> None:
    """Wait until both connections are there, or both gone."""

    async def is_so() -> bool:
        return {collector.client.is_connected, not collector.ingest.checks()["nats"]} == {there}

    await until(is_so)
