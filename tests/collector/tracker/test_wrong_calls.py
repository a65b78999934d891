"""What a page says wrongly is named in its console and to the callback, and never becomes a pageview."""

from typing import Any

import pytest

from tests.collector.tracker.conftest import Tab
from tests.collector.tracker.servers import Collector, Site

pytestmark = pytest.mark.asyncio(loop_scope="session")

HEARD = "(call) => new Promise((callback) => eval(call))"
NAMELESS = "an event needs a name"
WRONG = {
    "collector('', {callback})": NAMELESS,
    "collector('  ', {callback})": NAMELESS,
    "collector(undefined, {callback})": NAMELESS,
    "collector(null, {callback})": NAMELESS,
    "collector(true, {callback})": NAMELESS,
    "collector({name: 'x'}, {callback})": NAMELESS,
    "collector(['x'], {callback})": NAMELESS,
    "collector(Symbol('x'), {callback})": NAMELESS,
    "collector(() => 'x', {callback})": NAMELESS,
    "collector('pageview', {url: '', callback})": "url must be a text",
    "collector('pageview', {url: 7, callback})": "url must be a text",
    "collector('pageview', {url: null, callback})": "url must be a text",
    "collector('pageview', {url: {}, callback})": "url must be a text",
    "collector('pageview', {url: 'mailto:x@shop.example', callback})": "url must be of a page",
    "collector('pageview', {url: 'javascript:x', callback})": "url must be of a page",
}
WITHOUT_CALLBACK = [
    "collector()",
    "collector('')",
    "trackEvent()",
    "trackEvent('')",
    "collector('x', 'y')",
    "collector('x', () => 0)",
]


async def test_a_call_that_cannot_be_meant_is_refused_and_sends_nothing(tab: Tab):
    await tab.open("/a")
    heard: dict[str, Any] = {call: (await tab.page.evaluate(HEARD, call))["error"] for call in WRONG}
    assert heard == WRONG
    for call in WITHOUT_CALLBACK:
        await tab.page.evaluate(call)
    await tab.page.evaluate("collector('pageview', {url: 'http://['})")
    assert [event["eventName"] for event in await tab.sent()] == ["page_view"]
    assert {line for line in tab.told if "Invalid URL" not in line} == {
        *(f"Collector: {fault}" for fault in WRONG.values()),
        "Collector: options must be an object",
    }
    assert len(tab.told) == len(set(tab.told)), "once each"


async def test_an_element_that_is_tagged_with_nothing_sends_nothing(tab: Tab, site: Site, collector: Collector):
    site.put("/a", collector.tag() + "<button data-collect>buy</button>")
    await tab.open("/a")
    await tab.page.click("button")
    assert len(await tab.sent()) == 1
    assert tab.told == [f"Collector: {NAMELESS}"]


async def test_an_option_that_nobody_knows_is_named_and_the_event_is_sent(tab: Tab):
    await tab.open("/a")
    assert await tab.collector("Signup", {"plan": "pro", "prop": {"a": 1}}) == {"status": 204}
    assert tab.told == ["Collector: there is no option plan", "Collector: there is no option prop"]


async def test_a_refusal_is_told_with_what_is_wrong(tab: Tab, collector: Collector):
    await tab.open("/a")
    await tab.sent()
    collector.answers.append((400, {"Content-Type": "application/problem+json"}))
    collector.body = b'{"detail": "The site\'s name is empty."}'
    assert await tab.collector("x") == {"status": 400, "detail": "The site's name is empty."}
    assert tab.told == ["Collector: The site's name is empty."]


async def test_what_was_changed_or_dropped_is_told(tab: Tab, collector: Collector):
    await tab.open("/a")
    await tab.sent()
    exposed = {"Access-Control-Expose-Headers": "x-collector-changed, x-collector-dropped"}
    collector.answers.append((204, exposed | {"X-Collector-Changed": "name_cut, props_cut"}))
    assert await tab.collector("x") == {"status": 204, "changed": "name_cut, props_cut"}
    collector.answers.append((204, exposed | {"X-Collector-Dropped": "unknown_site"}))
    assert await tab.collector("x") == {"status": 204, "dropped": "unknown_site"}
    assert tab.told == ["Collector: changed: name_cut, props_cut", "Collector: dropped: unknown_site"]


async def test_a_policy_of_the_page_that_blocks_it_is_told_with_what_to_add(tab: Tab, site: Site, collector: Collector):
    policy = f"default-src 'self'; script-src {collector.url} 'unsafe-inline'"
    site.put("/a", collector.tag(), **{"Content-Security-Policy": policy})
    await tab.open("/a")
    await tab.page.wait_for_function("window.answered.length")
    await tab.page.evaluate("Promise.allSettled(answered)")
    assert tab.told == [f"Collector: this page's Content-Security-Policy blocks it; add {collector.url} to connect-src"]
    assert collector.posts == []


async def test_a_policy_that_blocks_others_is_nobodys_business(tab: Tab, site: Site, collector: Collector):
    policy = f"default-src 'self'; connect-src {collector.url}; script-src {collector.url} 'unsafe-inline'"
    site.put("/a", collector.tag() + "<script>fetch('/nothing').catch(() => 0)</script>", **{"Content-Security-Policy": policy})
    await tab.open("/a")
    assert len(await tab.sent()) == 1
    assert tab.told == []
