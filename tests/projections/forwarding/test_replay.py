"""The replay against a real stream and a real HTTP endpoint: each event once, whatever the endpoint makes of it."""

import pytest

from projections.forwarding.endpoint import Endpoint, EndpointAway
from projections.forwarding.form import delivery_of
from projections.forwarding.replay import replay
from projections.projections import WEB
from projections.stream import StreamUnavailable, reader
from projections.stream.item import read_item
from tests import facts as stored
from tests.projections.forwarding.later import as_of_later, as_of_now
from tests.projections.forwarding.listener import SECRET
from tests.projections.world import Tables


async def test_a_replay_forwards_everything_once_and_touches_no_table(facts, tables: Tables, listener):
    before = await tables.digest()
    pages = [stored.pageview(f"/{n}") for n in range(20)]
    await facts.publish(*pages, stored.engagement())
    async with Endpoint(listener.url, SECRET) as endpoint:
        ended = await replay(facts.nats_url, WEB.streams(1), endpoint, report=lambda _: None)
    assert (ended.total, ended.forwarded, ended.skipped, ended.refused) == (21, 20, 1, 0)
    assert listener.taken == dict.fromkeys([page.id for page in pages], 1)
    assert await tables.digest() == before


async def test_a_replay_stops_before_a_newer_version_and_a_newer_program_sends_all(facts, listener, monkeypatch):
    before, newer, behind = (stored.pageview(path) for path in ("/before", "/newer", "/behind"))
    await facts.publish(before)
    await facts.store(as_of_later(newer), facts.subject_for(newer), newer.id)
    await facts.publish(behind)
    async with Endpoint(listener.url, SECRET) as endpoint:
        with pytest.raises(StreamUnavailable, match="install a newer one"):
            await replay(facts.nats_url, WEB.streams(1), endpoint, report=lambda _: None)
        assert list(listener.taken) == [before.id]
        monkeypatch.setattr(reader, "read_item", lambda data, **message: read_item(as_of_now(data), **message))
        ended = await replay(facts.nats_url, WEB.streams(1), endpoint, report=lambda _: None)
    assert (ended.total, ended.forwarded, ended.skipped) == (3, 3, 0)
    assert set(listener.taken) == {fact.id for fact in (before, newer, behind)}


async def test_a_webhook_takes_many_at_once_under_flowcores_own_address(facts, listener):
    await facts.publish(*(stored.pageview(f"/{n}") for n in range(5)))
    async with Endpoint(listener.url.removesuffix("/api/transformer"), SECRET) as endpoint:
        await replay(facts.nats_url, WEB.streams(1), endpoint, report=lambda _: None)
    ((path, headers, body),) = listener.posts
    assert path == "/events/main/flow-analytics/visitor.v0/visitor.tracked.v0"
    assert (headers["Authorization"], headers["x-flowcore-metadata-json"]) == (SECRET, "e30=")
    assert [each["pathname"] for each in body] == [f"/{n}" for n in range(5)]


async def test_an_event_that_a_webhook_refuses_costs_none_of_those_that_came_with_it(facts, listener):
    pages = [stored.pageview(f"/{n}") for n in range(7)]
    await facts.publish(*pages)
    listener.answers = lambda body: 400 if any(each["pathname"] == "/5" for each in body) else 200
    async with Endpoint(listener.url.removesuffix("/api/transformer"), SECRET) as endpoint:
        ended = await replay(facts.nats_url, WEB.streams(1), endpoint, report=lambda _: None)
    assert (ended.forwarded, ended.refused) == (6, 1)
    assert sorted(each["pathname"] for _, _, body in listener.posts for each in body) == [f"/{n}" for n in (0, 1, 2, 3, 4, 6)]


@pytest.mark.parametrize(("status", "tries"), [(408, 5), (429, 5), (500, 5), (0, 5), (401, 1), (302, 1)])
async def test_what_passes_is_tried_five_times_and_anything_else_once(listener, status: int, tries: int):
    heard: list[int] = []

    def answer(_: object) -> int:
        heard.append(status)
        return status

    listener.answers = answer
    fact = stored.pageview("/")
    delivery = delivery_of(fact)
    assert delivery is not None
    pauses: list[float] = []
    async with Endpoint(listener.url, SECRET, pause=pauses.append) as endpoint:
        with pytest.raises(EndpointAway) as away:
            await endpoint.post([delivery])
    assert (len(heard), pauses) == (tries, [0.25] * (tries - 1))
    assert listener.url not in str(away.value)
    assert SECRET not in str(away.value)
