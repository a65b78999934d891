"""How an event travels, and what happens when it does not arrive."""

import pytest

from tests.collector.tracker.conftest import Tab
from tests.collector.tracker.servers import HANG_UP, Collector, Site, until

pytestmark = pytest.mark.asyncio(loop_scope="session")

ASK = "void (window.heard = new Promise((callback) => collector('x', {callback})))"


async def test_an_event_needs_no_preflight(tab: Tab, collector: Collector):
    await tab.open("/a")
    await tab.sent()
    assert {(request.method, request.path) for request in collector.posts} == {("POST", "/api/event")}
    assert {request.headers["content-type"] for request in collector.posts} == {"text/plain;charset=UTF-8"}


@pytest.mark.parametrize("status", [503, 429])
async def test_what_could_not_be_stored_is_sent_once_more_with_the_same_id(tab: Tab, collector: Collector, status: int):
    await tab.hold_time()
    await tab.open("/a")
    await tab.forget()
    collector.answers.append((status, {}))
    await tab.page.evaluate(ASK)
    assert await tab.waits() == 2_000
    assert await tab.page.evaluate("heard") == {"status": 204}
    [first, second] = collector.events
    assert second == first


async def test_the_second_attempt_waits_as_long_as_it_is_told_to(tab: Tab, collector: Collector):
    await tab.hold_time()
    await tab.open("/a")
    await tab.forget()
    collector.answers.append((503, {"Retry-After": "70"}))
    await tab.page.evaluate(ASK)
    assert await tab.waits() == 70_000
    assert await tab.page.evaluate("heard") == {"status": 204}


async def test_there_is_no_third_attempt(tab: Tab, collector: Collector):
    await tab.hold_time()
    await tab.open("/a")
    await tab.forget()
    collector.answers.extend([(503, {}), (503, {})])
    await tab.page.evaluate(ASK)
    await tab.waits()
    assert await tab.page.evaluate("heard") == {"status": 503}
    await tab.page.clock.run_for(600_000)
    assert len(collector.events) == 2


async def test_a_refusal_is_final(tab: Tab, collector: Collector):
    await tab.open("/a")
    await tab.forget()
    collector.answers.append((400, {}))
    assert await tab.collector("x") == {"status": 400}
    assert len(collector.posts) == 1


async def test_a_broken_connection_is_tried_again_with_the_same_id(tab: Tab, collector: Collector):
    await tab.hold_time()
    await tab.open("/a")
    await tab.forget()
    collector.answers.append((HANG_UP, {}))
    await tab.page.evaluate(ASK)
    assert await tab.waits() == 2_000
    assert await tab.page.evaluate("heard") == {"status": 204}
    assert len({event["id"] for event in collector.events}) == 1


async def test_a_collector_that_is_gone_costs_the_page_nothing(tab: Tab, site: Site, collector: Collector):
    site.put("/gone", collector.tag(api="http://stats.example:9/api/event"))
    await tab.hold_time()
    await tab.open("/gone")
    await tab.page.evaluate("void (window.heard = new Promise((c) => collector('x', {callback: ({error}) => c(error.name)})))")
    await until(lambda: len(tab.complaints) >= 2, lambda: "two failed requests")
    await tab.waits()
    assert await tab.page.evaluate("heard") == "TypeError"


async def test_an_event_too_large_to_outlive_its_page_is_an_ordinary_request(tab: Tab, collector: Collector):
    await tab.open("/a")
    assert await tab.collector("x", {"props": {"text": "ä" * 40_000}}) == {"status": 204}
    assert len(collector.events[-1]["customProperties"]["text"]) == 40_000


@pytest.mark.parametrize("missing", ["delete window.fetch", "delete Request.prototype.keepalive"])
async def test_a_beacon_takes_over_where_a_request_cannot_outlive_its_page(tab: Tab, collector: Collector, missing: str):
    await tab.page.add_init_script(missing)
    await tab.open("/a")
    assert await tab.collector("x") == {"status": 0}
    await collector.wait_for(2)
    assert {event["eventName"] for event in collector.events} == {"page_view", "x"}
    assert {request.headers["content-type"] for request in collector.posts} == {"text/plain;charset=UTF-8"}


async def test_a_beacon_that_is_refused_is_told_to_the_callback(tab: Tab):
    await tab.page.add_init_script("delete window.fetch; navigator.sendBeacon = () => false")
    await tab.open("/a")
    assert await tab.collector("x") == {"error": "beacon"}
