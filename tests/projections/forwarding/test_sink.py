"""The sink against a real stream, a real database and a real HTTP endpoint: nothing lost, nothing blocked."""

import asyncio
import contextlib
import json
import subprocess
from collections.abc import AsyncIterator, Iterator

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from collector.local.probe import ask
from contracts.events import BotRule, Page, Source
from contracts.flowcore import NOBODY
from projections.database import open_engine
from projections.forwarding.endpoint import Endpoint
from projections.forwarding.places import Place, read_places
from projections.forwarding.replay import replay
from projections.forwarding.sink import NAME, Sink
from projections.projections import WEB
from projections.stream import reader
from projections.stream.item import read_item
from tests import facts as stored
from tests.ports import free_port
from tests.projections.forwarding.later import as_of_later, as_of_now
from tests.projections.forwarding.listener import SECRET, Listener
from tests.projections.world import Facts, Tables, projecting, until
from tests.running import COLLECTOR, clean_environment


@pytest.fixture
async def engine(database_url: str) -> AsyncIterator[AsyncEngine]:
    """An engine on what the database has once, which no generation shares."""
    engine = open_engine(database_url)
    yield engine
    await engine.dispose()


@contextlib.asynccontextmanager
async def forwarding(facts: Facts, database_url: str, listener: Listener) -> AsyncIterator[Sink]:
    stop = asyncio.Event()
    sink = Sink(listener.url, SECRET, facts.stream, nats_url=facts.nats_url, database_url=database_url)
    async with sink:
        running = asyncio.create_task(sink.run(stop))
        try:
            yield sink
        finally:
            stop.set()
            await running


async def place(engine) -> Place:
    async with engine.connect() as connection:
        (found,) = await read_places(connection, NAME)
    return found


@contextlib.contextmanager
def started(environment: dict[str, str]) -> Iterator[subprocess.Popen[bytes]]:
    """Run a projector for the length of the block, and leave none behind."""
    command = [*COLLECTOR, "project"]
    with subprocess.Popen(command, env=clean_environment(**environment), stderr=subprocess.PIPE) as process:
        try:
            yield process
        finally:
            process.kill()


async def has_taken(listener: Listener, count: int) -> None:
    async def enough() -> bool:
        return len(listener.taken) >= count

    await until(enough)


async def test_a_fact_is_forwarded_in_flowcores_form_and_nobody_is_in_it(facts, engine, database_url, listener):
    page = stored.pageview(
        "/home",
        page=Page(hostname="www.example.org", path="/home"),
        source=Source(name="Google", referrer="https://google.com", utm_source="mail"),
        bot=BotRule.CRAWLER,
        visitor="",
    )
    signup = stored.event("Signup", props={"plan": "pro"}, visitor="c3" * 32, interactive=False)
    await facts.publish(page, stored.engagement(), signup)
    async with forwarding(facts, database_url, listener):
        await has_taken(listener, 2)

        async def is_behind_it() -> bool:
            return (await place(engine)).seq == 3

        await until(is_behind_it)
    told = {body["eventId"]: (headers, body) for _, headers, body in listener.posts}
    headers, body = told[page.id]
    assert headers["X-Secret"] == SECRET
    assert headers["Content-Type"] == "application/json"
    context = {
        "dailySaltRotation": "2026-11-20",
        "hostname": "www.example.org",
        "campaign": {"utm_source": "mail"},
        "bot": "crawler",
    }
    assert body == {
        "eventId": page.id,
        "timeBucket": "20261120120000",
        "tenant": "main",
        "dataCoreId": "flow-analytics",
        "flowType": "visitor.v0",
        "eventType": "visitor.tracked.v0",
        "metadata": {},
        "payload": {
            "visitorHash": NOBODY,
            "domain": "example.org",
            "pathname": "/home",
            "referrer": "https://google.com",
            "sessionContext": context,
        },
        "validTime": "2026-11-20T12:00:00.000Z",
    }
    payload = told[signup.id][1]["payload"]
    assert payload["visitorHash"] == "c3" * 32
    assert payload["sessionContext"]["eventName"] == "Signup"
    assert payload["sessionContext"]["customProperties"] == {"plan": "pro"}
    assert payload["sessionContext"]["interactive"] is False
    assert (await place(engine)).skipped == 1


async def test_an_endpoint_that_is_away_stops_the_sink_alone_and_it_goes_on_where_it_was(
    facts, engine, tables: Tables, database_url, listener
):
    first = [stored.pageview(f"/{n}") for n in range(3)]
    await facts.publish(*first)
    async with projecting(facts.nats_url, database_url), forwarding(facts, database_url, listener) as sink:
        await has_taken(listener, 3)
        listener.answers = lambda _: 503
        later = [stored.pageview(f"/later/{n}") for n in range(3)]
        await facts.publish(*later)

        async def is_told() -> bool:
            return "503" in sink.trouble and "503" in (await place(engine)).trouble

        async def is_projected() -> bool:
            return await tables.dealt_with() == 6

        await until(is_told)
        await until(is_projected)
        listener.answers = lambda _: 200
        await has_taken(listener, 6)

        async def is_well() -> bool:
            return not sink.trouble and not (await place(engine)).trouble

        await until(is_well)
    # Of those that were sent together one may have been taken already when another was refused.
    assert set(listener.taken) == {fact.id for fact in (*first, *later)}
    assert all(listener.taken[fact.id] == 1 for fact in first)
    assert (await place(engine)).forwarded == 6


async def test_an_event_that_the_endpoint_refuses_is_left_out_and_told(facts, engine, database_url, listener, caplog):
    bad, good = stored.pageview("/bad"), stored.pageview("/good")
    listener.answers = lambda body: 422 if body["eventId"] == bad.id else 200
    await facts.publish(bad, good)
    async with forwarding(facts, database_url, listener):

        async def is_through() -> bool:
            return bool(listener.taken) and (await place(engine)).seq == 2

        await until(is_through)
    assert ((await place(engine)).forwarded, (await place(engine)).refused) == (1, 1)
    assert "the endpoint refuses an event" in caplog.text


@pytest.mark.parametrize(("status", "header"), [(200, "X-Collector-Dropped"), (500, "X-Collector-Rejected")])
async def test_what_another_collector_does_not_keep_is_no_success_blocks_nothing_and_is_sent_by_a_backfill_once_it_does(
    facts, engine, database_url, listener, *, status: int, header: str
):
    absent, good = stored.pageview("/absent"), stored.pageview("/good")
    listener.answers = lambda body: status if body["eventId"] == absent.id else 200
    listener.says = lambda body: {header: "a reason"} if body["eventId"] == absent.id else {}
    await facts.publish(absent, good)
    async with forwarding(facts, database_url, listener):

        async def is_through() -> bool:
            return listener.taken[good.id] == 1 and (await place(engine)).seq == 2

        await until(is_through)
    assert ((await place(engine)).forwarded, (await place(engine)).refused) == (1, 1)
    listener.posts.clear()
    listener.answers, listener.says = lambda _: 200, lambda _: {}
    async with Endpoint(listener.url, SECRET) as endpoint:
        await replay(facts.nats_url, WEB.streams(1), endpoint, report=lambda _: None)
    assert listener.taken == {absent.id: 1, good.id: 1}


async def test_a_newer_version_stops_it_before_the_fact_and_a_newer_program_goes_on_from_there(
    facts, engine, database_url, listener, monkeypatch
):
    before, newer, behind = (stored.pageview(path) for path in ("/before", "/newer", "/behind"))
    await facts.publish(before)
    await facts.store(as_of_later(newer), facts.subject_for(newer), newer.id)
    await facts.publish(behind)
    async with forwarding(facts, database_url, listener) as sink:

        async def is_told() -> bool:
            return "install a newer one" in sink.trouble

        await until(is_told)
        assert (list(listener.taken), (await place(engine)).seq) == ([before.id], 1)
    monkeypatch.setattr(reader, "read_item", lambda data, **message: read_item(as_of_now(data), **message))
    async with forwarding(facts, database_url, listener):
        await has_taken(listener, 3)
    assert listener.taken == {fact.id: 1 for fact in (before, newer, behind)}


async def test_a_stream_that_was_made_again_is_forwarded_from_its_start(facts, database_url, listener):
    await facts.publish(stored.pageview("/a"), stored.pageview("/b"))
    async with forwarding(facts, database_url, listener):
        await has_taken(listener, 2)
    await facts.delete_stream()
    await facts.create_stream()
    await facts.publish(stored.pageview("/c"))
    async with forwarding(facts, database_url, listener):
        await has_taken(listener, 3)


async def test_a_projector_that_is_killed_loses_nothing_of_what_it_forwards(facts, engine, database_url, listener):
    pages = [stored.pageview(f"/{n}") for n in range(250)]
    await facts.publish(*pages)
    # The endpoint falls silent within the first chunk; the projector says so, stays ready, and is killed there.
    listener.answers = lambda _: 200 if len(listener.posts) < 60 else 503
    port = free_port()
    environment = {
        "COLLECTOR_NATS_URL": facts.nats_url,
        "COLLECTOR_DATABASE_URL": database_url,
        "COLLECTOR_PROJECTOR_PORT": str(port),
        "COLLECTOR_FORWARD_URL": listener.url,
        "COLLECTOR_FORWARD_SECRET": SECRET,
    }

    async def is_told() -> bool:
        status, body = await asyncio.to_thread(ask, "127.0.0.1", port, "/readyz")
        return status == 200 and "503" in json.loads(body)["checks"]["sink"]

    with started(environment) as killed:
        await until(is_told)
        _, metrics = await asyncio.to_thread(ask, "127.0.0.1", port, "/metrics")
        assert 'collector_sink_up{sink="flowcore"} 0.0' in metrics
        assert 'collector_sink_lag_events{sink="flowcore"} 250.0' in metrics
        killed.kill()
        _, log = await asyncio.to_thread(killed.communicate)
    for needle in (SECRET, listener.url, stored.ANNA):
        assert needle.encode() not in log
    listener.answers = lambda _: 200
    async with forwarding(facts, database_url, listener):
        await has_taken(listener, 250)

        async def is_behind_it() -> bool:
            return (await place(engine)).forwarded == 250

        await until(is_behind_it)
    assert set(listener.taken) == {page.id for page in pages}
