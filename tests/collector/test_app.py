"""The ingest app's promises over HTTP that no single example shows: batches, limits and CORS."""

import os
import re
import signal
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
import pytest
from prometheus_client import REGISTRY

from collector import pipeline
from collector.admit import admit
from collector.dialects import DIALECTS, native_items
from collector.hit import Hit
from collector.local.nats import NatsServer
from collector.outcomes import DropReason, UnavailableReason
from collector.sites import Site, Sites
from contracts.streams import EventStream
from tests.collector.ingest import Running, running

JSON = {"Content-Type": "application/json"}
PAGE = {"domain": "shop.example", "pathname": "/"}


async def batch(collector: Running, events: list[Any], **fields: Any) -> dict[str, Any]:
    answer = await collector.http.post("/api/events/batch", json={"events": events} | fields)
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


async def test_a_batch_answers_for_each_item_and_a_bad_one_spoils_none(collector: Running):
    events = [PAGE, {"pathname": 7}, PAGE | {"eventName": "Signup"}, {"domain": "no site", "pathname": "/"}, "nonsense"]
    answer = await batch(collector, events)
    assert [result["status"] for result in answer["results"]] == ["stored", "rejected", "stored", "dropped", "rejected"]
    assert {name: answer[name] for name in ("stored", "dropped", "rejected", "unavailable")} == {
        "stored": 2,
        "dropped": 1,
        "rejected": 2,
        "unavailable": 0,
    }
    assert await collector.count() == 2


async def test_a_batch_says_of_each_item_whether_it_is_a_robots(collector: Running):
    answer = await batch(collector, [PAGE, PAGE | {"bot": True}, PAGE | {"referrer": "http://semalt.com/"}])
    assert [result.get("robot") for result in answer["results"]] == [None, "automation", "referrer_spam"]


# Ids and times, which some systems give each answer, and what a link is relative to.
OF_ITS_OWN = re.compile(
    rb'[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}|[0-9-]{10}T[0-9:.]+Z|"ts":[0-9]+|(?<=href=")(api-docs|\.)(?=/)'
)


# The length is that of the body, which is compared.
OF_ITS_OWN_HEAD = ("date", "x-request-id", "content-length")


@pytest.mark.parametrize("method", ["GET", "POST", "OPTIONS", "PUT"])
async def test_the_straight_way_ends_where_the_router_does(collector: Running, method: str):
    for template in dict.fromkeys(endpoint.template for endpoint in DIALECTS):
        ways = [await collector.http.request(method, path, content=b"[]") for path in (template, f"{template}/")]
        said = [{name: value for name, value in way.headers.items() if name not in OF_ITS_OWN_HEAD} for way in ways]
        bodies = [OF_ITS_OWN.sub(b"", way.content) for way in ways]
        assert (ways[0].status_code, bodies[0], said[0]) == (ways[1].status_code, bodies[1], said[1]), template


async def test_a_defect_of_ours_is_answered_in_our_words_and_logged_without_theirs(
    collector: Running, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
):
    def break_down(*_: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(pipeline, "admit", break_down)
    answer = await collector.http.post("/api/event", json=PAGE | {"pathname": "/a-canary"})
    assert (answer.status_code, answer.json()["code"]) == (500, "defect")
    assert "ZeroDivisionError" in caplog.text
    assert "a-canary" not in caplog.text
    monkeypatch.undo()
    assert (await collector.http.post("/api/event", json=PAGE)).status_code == 204


async def test_a_defect_in_the_middle_of_a_batch_costs_that_item_and_no_other(
    collector: Running, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
):
    def break_down_once(hit: Hit, sites: Sites, mount: str) -> Site:
        if hit.key == "broken":
            raise ZeroDivisionError
        return admit(hit, sites, mount)

    monkeypatch.setattr(pipeline, "admit", break_down_once)
    before = outcomes()
    answer = await batch(collector, [PAGE, PAGE | {"id": "broken"}, PAGE])
    after = outcomes()
    assert [result["status"] for result in answer["results"]] == ["stored", "unavailable", "stored"]
    assert (answer["results"][1]["reason"], answer["results"][1]["code"]) == ("defect", 500)
    assert "ZeroDivisionError" in caplog.text
    assert await collector.count() == 2
    change = {name: after[name] - before[name] for name in after}
    assert change == {"received": 3, "accepted": 2, "dropped": 0, "rejected": 0, "refused": 0, "unavailable": 1}


async def test_a_defect_in_reading_an_item_costs_that_item_and_no_other(collector: Running, monkeypatch: pytest.MonkeyPatch):
    def break_down_once(key: str | None) -> str | None:
        if key == "broken":
            raise ZeroDivisionError
        return key

    monkeypatch.setattr(native_items, "checked_key", break_down_once)
    answer = await batch(collector, [PAGE, PAGE | {"id": "broken"}, PAGE])
    assert [result["status"] for result in answer["results"]] == ["stored", "unavailable", "stored"]
    unstored = await batch(collector, [PAGE | {"domain": "no site"}, PAGE | {"id": "broken"}, {"pathname": 7}])
    assert [result["status"] for result in unstored["results"]] == ["dropped", "unavailable", "rejected"]


async def test_an_amount_that_no_float_can_hold_is_rejected_and_spoils_no_other(collector: Running):
    vast = PAGE | {"eventName": "Order", "revenue": {"amount": 10**400, "currency": "EUR"}}
    answer = await batch(collector, [PAGE, vast, PAGE])
    assert [result["status"] for result in answer["results"]] == ["stored", "rejected", "stored"]
    assert answer["results"][1]["field"] == "revenue"


async def test_a_batch_sent_again_is_stored_once(collector: Running):
    events = [PAGE | {"id": f"order-{number}"} for number in range(50)]
    first, second = await batch(collector, events), await batch(collector, events)
    assert [result["id"] for result in first["results"]] == [result["id"] for result in second["results"]]
    assert all(result["duplicate"] for result in second["results"])
    assert await collector.count() == 50


async def test_a_batch_of_a_thousand_is_stored_and_one_more_is_refused(collector: Running):
    assert (await batch(collector, [PAGE] * 1000))["stored"] == 1000
    answer = await collector.http.post("/api/events/batch", json={"events": [PAGE] * 1001})
    assert (answer.status_code, answer.json()["code"]) == (400, "too_many")
    assert await collector.count() == 1000


async def test_an_empty_batch_is_fine(collector: Running):
    assert (await batch(collector, []))["results"] == []


async def test_a_batch_corrects_the_senders_clock(collector: Running):
    wrong = datetime.now(UTC) - timedelta(days=400)
    event = PAGE | {"timestamp": (wrong - timedelta(minutes=10)).isoformat()}
    await batch(collector, [event], sentAt=wrong.isoformat())
    fact, _ = await collector.stored()
    assert abs(fact.received_at - fact.occurred_at - timedelta(minutes=10)) < timedelta(seconds=5)


@pytest.mark.parametrize("path", [endpoint.template for endpoint in DIALECTS])
async def test_any_page_may_send(collector: Running, path: str):
    asked = {
        "Origin": "https://shop.example",
        "Access-Control-Request-Method": "POST",
        "Access-Control-Request-Headers": "content-type",
    }
    answer = await collector.http.options(path, headers=asked)
    assert answer.status_code == 204
    assert "content-type" in answer.headers["Access-Control-Allow-Headers"].lower()
    # A beacon of JSON asks with credentials, for which a wildcard is no answer.
    takes_beacons = path in (
        "/api/event",
        "/api/pageview",
        "/api/events/batch",
        "/flowcore/api/pageview",
        "/flowcore/api/event",
    )
    assert answer.headers["Access-Control-Allow-Origin"] == ("https://shop.example" if takes_beacons else "*")
    assert answer.headers.get("Access-Control-Allow-Credentials") == ("true" if takes_beacons else None)


@pytest.mark.parametrize("media", ["text/plain;charset=UTF-8", "application/json"])
async def test_only_what_was_asked_about_is_answered_by_name(collector: Running, media: str):
    headers = {"Origin": "https://shop.example", "Content-Type": media}
    answer = await collector.http.post("/api/event", content=msgspec.json.encode(PAGE), headers=headers)
    assert answer.headers["Access-Control-Allow-Origin"] == ("*" if media.startswith("text") else "https://shop.example")
    assert answer.headers.get("Vary") == (None if media.startswith("text") else "Origin")


async def test_an_unknown_address_is_a_problem_too(collector: Running):
    answer = await collector.http.get("/api/nothing")
    assert (answer.status_code, answer.json()["code"]) == (404, "not_found")


async def test_the_snippet_is_served(collector: Running):
    answer = await collector.http.get("/js/c.js")
    assert answer.status_code == 200
    assert "javascript" in answer.headers["Content-Type"]


async def test_production_collects_only_for_listed_sites(stream_free_nats: str):
    environment = {"COLLECTOR_MODE": "production", "COLLECTOR_SITES": "shop.example"}
    async with running(stream_free_nats, environment) as collector:
        listed = await collector.http.post("/api/event", json=PAGE)
        other = await collector.http.post("/api/event", json=PAGE | {"domain": "other.example"})
        assert (listed.status_code, other.status_code) == (204, 204)
        assert other.headers["X-Collector-Dropped"] == DropReason.UNKNOWN_SITE
        assert await collector.count() == 1


async def test_a_batch_of_which_nothing_could_be_stored_is_503(nats_server: Callable[[], NatsServer]):
    server = nats_server()
    async with running(server.url) as collector:
        os.kill(server.pid, signal.SIGKILL)
        answer = await collector.http.post("/api/events/batch", json={"events": [PAGE, PAGE]})
        assert answer.status_code == 503
        assert "Retry-After" in answer.headers


async def test_a_batch_of_which_one_streams_part_is_unavailable_is_503_and_stored_once_when_it_comes_again(
    stream_free_nats: str,
):
    sites = [f"site-{number}.example" for number in range(20)]
    events = [PAGE | {"domain": site, "id": f"order-{site}"} for site in sites]
    async with running(stream_free_nats, {"COLLECTOR_PARTITIONS": "2"}) as collector:
        publisher = collector.ingest._publisher
        stopped = EventStream(family="web", partition=1, partitions=2)
        publisher.hold(UnavailableReason.STREAM_FULL, stopped)
        first = await collector.http.post("/api/events/batch", json={"events": events})
        assert (first.status_code, first.headers["Retry-After"]) == (503, "2")
        counts = first.json()
        assert counts["stored"] + counts["unavailable"] == len(sites)
        assert counts["stored"] > 0
        publisher.open(stopped)
        publisher.lose()  # it was never made, so it has to be looked at
        again = await batch(collector, events)
        assert again["stored"] == len(sites)
        assert sum(result["duplicate"] for result in again["results"]) == counts["stored"]


async def test_every_hit_is_counted_once_by_how_it_ended(collector: Running):
    before = outcomes()
    await batch(collector, [PAGE, {"pathname": 7}, {"domain": "no site", "pathname": "/"}])
    await collector.http.post("/api/event", content=b"{", headers=JSON)
    await collector.http.get("/pixel.gif?site=shop.example&path=/", headers={"DNT": "1"})
    after = outcomes()
    change = {name: after[name] - before[name] for name in after}
    assert change == {"received": 5, "accepted": 1, "dropped": 2, "rejected": 2, "refused": 0, "unavailable": 0}


def outcomes() -> dict[str, float]:
    names = {
        "received": "collector_hits_received_total",
        "accepted": "collector_events_accepted_total",
        "dropped": "collector_events_dropped_total",
        "rejected": "collector_events_rejected_total",
        "refused": "collector_events_refused_total",
        "unavailable": "collector_events_unavailable_total",
    }
    samples = [sample for metric in REGISTRY.collect() for sample in metric.samples]
    return {key: sum(sample.value for sample in samples if sample.name == name) for key, name in names.items()}
