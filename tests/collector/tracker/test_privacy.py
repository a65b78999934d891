"""Who is left alone, and what the snippet never leaves behind."""

import pytest

from tests.collector.tracker.conftest import Tab
from tests.collector.tracker.servers import Collector, Site

pytestmark = pytest.mark.asyncio(loop_scope="session")

GPC = "Object.defineProperty(Navigator.prototype, 'globalPrivacyControl', {get: () => true})"
DNT = "Object.defineProperty(Navigator.prototype, 'doNotTrack', {get: () => '1'})"
WEBDRIVER = "Object.defineProperty(Navigator.prototype, 'webdriver', {get: () => true})"
NO_STORAGE = "Object.defineProperty(window, 'localStorage', {get() { throw new DOMException('no', 'SecurityError') }})"


@pytest.mark.parametrize(
    ("signal", "reason"), [(GPC, "gpc"), (DNT, "dnt"), (WEBDRIVER, "webdriver")], ids=["gpc", "dnt", "webdriver"]
)
async def test_a_signal_is_obeyed_before_anything_is_sent(tab: Tab, collector: Collector, signal: str, reason: str):
    await tab.page.add_init_script(signal)
    await tab.open("/a")
    assert await tab.collector("x") == {"ignored": reason}
    assert collector.posts == []
    (told,) = tab.told
    assert told.startswith(f"Collector: nothing is sent ({reason})")
    assert ("window.__collector" in told) == (reason == "webdriver"), "a test is told how to be counted"


async def test_a_robot_that_wants_to_be_seen_says_that_it_is_one(tab: Tab):
    await tab.page.add_init_script(f"{WEBDRIVER}; window.__collector = true")
    await tab.open("/a")
    [event] = await tab.sent()
    assert event["bot"] is True


@pytest.mark.parametrize("key", ["collector_ignore", "plausible_ignore", "umami.disabled"])
async def test_a_stored_opt_out_is_obeyed(tab: Tab, collector: Collector, key: str):
    await tab.page.add_init_script(f"localStorage.setItem('{key}', 'true')")
    await tab.open("/a")
    assert await tab.collector("x") == {"ignored": "opt-out"}
    assert collector.posts == []


async def test_an_opt_out_holds_at_once_and_on_the_next_page_until_it_is_taken_back(tab: Tab):
    await tab.open("/a")
    await tab.page.evaluate("collector.optOut()")
    assert await tab.collector("x") == {"ignored": "opt-out"}
    await tab.open("/b")
    assert await tab.collector("x") == {"ignored": "opt-out"}
    await tab.page.evaluate("collector.optIn()")
    assert await tab.collector("x") == {"status": 204}
    await tab.open("/a")
    assert await tab.collector("x") == {"status": 204}


async def test_an_opt_out_holds_on_its_page_where_nothing_can_be_stored(tab: Tab):
    await tab.page.add_init_script(NO_STORAGE)
    await tab.open("/a")
    assert await tab.collector("x") == {"status": 204}
    await tab.page.evaluate("collector.optOut()")
    assert await tab.collector("x") == {"ignored": "opt-out"}


async def test_an_opt_out_stops_the_second_attempt_of_what_was_sent_before(tab: Tab, collector: Collector):
    await tab.hold_time()
    await tab.open("/a")
    await tab.forget()
    collector.answers.append((503, {}))
    await tab.page.evaluate("void (window.heard = new Promise((callback) => collector('x', {callback})))")
    await collector.wait_for(1)
    await tab.page.evaluate("collector.optOut()")
    await tab.waits()
    assert await tab.page.evaluate("heard") == {"ignored": "opt-out"}
    assert len(collector.posts) == 1


async def test_a_visit_leaves_no_cookie_and_stores_nothing(tab: Tab):
    await tab.open("/a")
    await tab.collector("Order", {"props": {"plan": "pro"}})
    await tab.page.evaluate("history.pushState({}, '', '/b')")
    await tab.sent()
    assert await tab.page.context.storage_state(indexed_db=True) == {"cookies": [], "origins": []}
    assert await tab.page.evaluate("[document.cookie, localStorage.length, sessionStorage.length]") == ["", 0, 0]


async def test_no_credentials_and_no_page_address_travel_in_headers(tab: Tab, site: Site, collector: Collector):
    await tab.page.context.add_cookies([{"name": "session", "value": "s", "url": collector.url}])
    await tab.open("/a?token=t")
    await tab.sent()
    for request in collector.posts:
        assert "cookie" not in request.headers
        assert request.headers["referer"] == f"{site.url}/"
        assert request.headers["origin"] == site.url
