"""The directory follows the stream of control events through restarts, loss, rebirth and what it cannot read."""

import os
import signal
from collections.abc import AsyncIterator, Callable

import pytest
from msgspec import structs

from collector.control.bucket import Bucket
from collector.local.nats import NatsServer
from collector.readiness import Note
from contracts.control import sites
from contracts.control.sites import site_id
from contracts.control.stream import CONTROL_STREAM, subject_of
from contracts.vault import member_entry
from tests.collector.control.telling import Pen, controlled, told, until, writing
from tests.collector.ingest import Running, running

PRODUCTION = {"COLLECTOR_MODE": "production"}


@pytest.fixture
async def both(stream_free_nats: str) -> AsyncIterator[tuple[Running, Pen]]:
    async with controlled(stream_free_nats, PRODUCTION) as both:
        yield both


async def drops(collector: Running, site: str = "shop.example") -> str:
    """Return why a page of *site* is dropped, "" when it is stored."""
    answer = await collector.http.post("/api/event", json={"domain": site, "pathname": "/"})
    assert answer.status_code == 204, answer.text
    return str(answer.headers.get("X-Collector-Dropped", ""))


async def test_without_any_stream_it_is_ready_at_once_and_sees_the_first_decision(stream_free_nats: str):
    async with running(stream_free_nats, PRODUCTION) as collector, writing(stream_free_nats) as pen:
        assert collector.ingest.checks()["control"] == ""
        assert await drops(collector) == "unknown_site"
        await pen.make()
        await pen.write(pen.site("main", "shop.example"))
        await told(collector, pen)
        assert await drops(collector) == ""


async def test_what_was_decided_before_the_start_holds_from_the_start(stream_free_nats: str):
    async with writing(stream_free_nats) as pen:
        await pen.make()
        await pen.write(pen.site("main", "shop.example"))
        async with running(stream_free_nats, PRODUCTION) as collector:
            assert await drops(collector) == ""


async def test_an_archived_site_takes_nothing_more_and_takes_again_when_it_is_restored(both: tuple[Running, Pen]):
    collector, pen = both
    await pen.write(pen.site("main", "shop.example"))
    for kind, reason in ((sites.SiteArchived, "site_closed"), (sites.SiteRestored, "")):
        await pen.write(pen.of_site(kind, "main", "shop.example"))
        await told(collector, pen)
        assert await drops(collector) == reason


async def test_it_serves_the_last_state_while_nats_is_away_and_goes_on_behind_its_restart(
    nats_server: Callable[[], NatsServer],
):
    server = nats_server()
    async with controlled(server.url, PRODUCTION) as (collector, pen):
        await pen.write(pen.site("main", "shop.example"))
        await told(collector, pen)
        os.kill(server.pid, signal.SIGKILL)
        directory = collector.ingest.care.follower.directory
        assert directory.things.by_name["shop.example"].is_open
        assert collector.ingest.checks()["control"] == ""
        server.stop()
        await until(lambda: not pen._client.is_connected, "the pen has noticed")
        server.start()
        await until(lambda: pen._client.is_connected, "the pen writes again")
        await pen.write(pen.of_site(sites.SiteArchived, "main", "shop.example"))
        await told(collector, pen)
        assert not directory.things.by_name["shop.example"].is_open


async def test_a_stream_that_is_lost_or_made_again_takes_nothing_away_until_somebody_accepts_that(
    both: tuple[Running, Pen],
):
    collector, pen = both
    await pen.write(pen.site("main", "shop.example"))
    await told(collector, pen)
    await pen.take_away()
    await until(lambda: collector.ingest.checks()["control"], "it notices that its stream is gone")
    note = collector.ingest.checks()["control"]
    assert isinstance(note, Note)
    assert CONTROL_STREAM.name in note
    assert await drops(collector) == ""
    again = Pen(pen._client)
    await again.make()
    await again.write(again.site("main", "blog.example"))
    await until(lambda: "made again" in collector.ingest.checks()["control"], "it sees that it is another one")
    assert "collector control accept-loss" in collector.ingest.checks()["control"]
    assert isinstance(collector.ingest.checks()["control"], Note), "and stays in service"
    assert await drops(collector, "shop.example") == ""
    assert await drops(collector, "blog.example") == "unknown_site"
    await again.accept()
    await until(lambda: "blog.example" in collector.ingest.care.follower.directory.things.by_name, "it reads the new one")
    assert await drops(collector, "shop.example") == "unknown_site"
    assert await drops(collector, "blog.example") == ""
    assert collector.ingest.checks()["control"] == ""


async def test_a_loss_that_was_accepted_does_not_accept_the_next(both: tuple[Running, Pen]):
    collector, pen = both
    await pen.accept()
    await pen.write(pen.site("main", "shop.example"))
    await told(collector, pen)
    await pen.take_away()
    await pen.make()
    await until(lambda: "made again" in collector.ingest.checks()["control"], "it sees that it is another one")
    assert await drops(collector) == ""


async def test_a_stream_that_was_put_back_and_gone_on_with_is_not_read_on_from_the_wrong_place(
    both: tuple[Running, Pen], monkeypatch: pytest.MonkeyPatch
):
    collector, pen = both
    await pen.write(pen.site("main", "shop.example"))
    await told(collector, pen)
    follower = collector.ingest.care.follower
    monkeypatch.setattr(follower, "_place", structs.replace(follower._place, message_id="of another history"))
    follower.interrupt()
    await until(
        lambda: "a copy from before" in collector.ingest.checks()["control"], "it sees that another message stands there"
    )
    await pen.write(pen.site("main", "blog.example"))
    assert await drops(collector) == ""
    assert await drops(collector, "blog.example") == "unknown_site"


async def test_who_starts_where_the_vault_knows_members_and_the_stream_none_takes_no_key_for_a_strangers(
    stream_free_nats: str,
):
    async with writing(stream_free_nats) as pen:
        await pen.make()
        bucket = Bucket(pen._client, replicas=1)
        await bucket.ensure()
        await bucket.write(member_entry("m1"), b"sealed", expected=0)
        async with running(stream_free_nats, PRODUCTION) as collector:
            assert "the decisions were lost" in collector.ingest.checks()["control"]
            answer = await collector.http.post("/api/event", json={"domain": "shop.example", "pathname": "/"})
            assert answer.status_code == 503
            await pen.accept()
            await until(lambda: collector.ingest.checks()["control"] == "", "it takes what there is")
            assert await drops(collector) == "unknown_site"


@pytest.mark.parametrize(
    ("body", "advice"),
    [
        (b'{"type":"site_archived.v2","id":"site:main:shop.example","version":4}', "upgrade"),
        (b'{"type":"site_forgotten.v1"}', "nats stream get"),
        (b"no JSON", "nats stream get"),
    ],
)
async def test_an_event_that_cannot_be_read_stops_nothing_and_is_named_once_with_what_to_do(
    both: tuple[Running, Pen], caplog: pytest.LogCaptureFixture, body: bytes, advice: str
):
    collector, pen = both
    await pen.write(pen.site("main", "shop.example"))
    unreadable = pen.event(sites.SiteArchived, site_id("main", "shop.example"))
    await pen.put(subject_of(unreadable.originator_id, unreadable.originator_version), body)
    seq = pen.seq
    await pen.put("control.site.nobody", body)
    await told(collector, pen)
    assert await drops(collector) == ""
    note = collector.ingest.checks()["control"]
    assert isinstance(note, Note)
    assert f"at {seq}, {seq + 1}" in note
    assert advice in note
    said = [record.getMessage() for record in caplog.records if "cannot be read" in record.getMessage()]
    assert len(said) == 2
    assert f"at {seq} " in said[0]
    await pen.write(pen.of_site(sites.SiteArchived, "main", "shop.example"))
    await told(collector, pen)
    assert await drops(collector) == "site_closed"


async def test_many_decisions_are_read_in_order_and_none_is_left_out(both: tuple[Running, Pen]):
    collector, pen = both
    await pen.write([event for number in range(200) for event in pen.site("main", f"{number}.example")])
    await told(collector, pen)
    things = collector.ingest.care.follower.directory.things
    assert set(things.by_name) == {f"{number}.example" for number in range(200)}
