"""What a page can say by itself, and which clicks speak for it."""

import pytest

from tests.collector.tracker.conftest import Tab
from tests.collector.tracker.servers import Collector, Site

pytestmark = pytest.mark.asyncio(loop_scope="session")

STUB = "<script>window.collector=window.collector||function(){(collector.q=collector.q||[]).push(arguments)}</script>"
# A click is enough; the test stays on its page.
STAY = "addEventListener('click', (event) => event.preventDefault())"


async def test_a_custom_event_carries_its_properties_and_revenue(tab: Tab, site: Site):
    await tab.open("/a")
    heard = await tab.collector(
        "Order",
        {"props": {"plan": "pro", "seats": 3}, "revenue": {"amount": "9.90", "currency": "EUR"}, "interactive": False},
    )
    [_, event] = await tab.sent()
    assert heard == {"status": 204}
    assert {key: event[key] for key in event if key not in ("id", "timezone", "screen")} == {
        "domain": "shop.example",
        "url": f"{site.url}/a",
        "eventName": "Order",
        "customProperties": {"plan": "pro", "seats": 3},
        "revenue": {"amount": "9.90", "currency": "EUR"},
        "interactive": False,
    }


async def test_an_event_has_the_referrer_of_its_page(tab: Tab, site: Site):
    await tab.open("/a")
    await tab.page.evaluate("history.pushState({}, '', '/b')")
    await tab.collector("x")
    assert [event.get("referrer") for event in await tab.sent()] == [None, f"{site.url}/a", f"{site.url}/a"]


async def test_the_flowcore_name_works_too(tab: Tab):
    await tab.open("/a")
    await tab.page.evaluate("trackEvent('button_click', {button: 'signup'})")
    [_, event] = await tab.sent()
    assert (event["eventName"], event["customProperties"]) == ("button_click", {"button": "signup"})


async def test_a_number_can_be_a_name(tab: Tab):
    await tab.open("/a")
    await tab.collector(404)
    assert [event["eventName"] for event in await tab.sent()] == ["page_view", "404"]


async def test_calls_from_before_the_snippet_are_sent_after_the_pageview(tab: Tab, site: Site, collector: Collector):
    site.put("/stub", f"{STUB}<script>collector('early', {{props: {{a: 1}}}})</script>{collector.tag()}")
    await tab.open("/stub")
    [_, event] = sent = await tab.sent()
    assert [event["eventName"] for event in sent] == ["page_view", "early"]
    assert event["customProperties"] == {"a": 1}


@pytest.mark.parametrize("call", ["collector('x', {props: window})", "collector('x', null)", "trackEvent('x', 10n)"])
async def test_nothing_a_page_hands_over_makes_the_snippet_throw(tab: Tab, call: str):
    await tab.open("/a")
    await tab.page.evaluate(call)
    assert "page_view" in [event["eventName"] for event in await tab.sent()]


async def test_what_cannot_be_sent_is_told_to_the_callback(tab: Tab):
    await tab.open("/a")
    script = "new Promise((callback) => collector('x', {props: {a: 10n}, callback})).then(({error}) => error.name)"
    assert await tab.page.evaluate(script) == "TypeError"


async def test_a_link_to_another_site_is_sent_without_its_query(tab: Tab, site: Site, collector: Collector):
    site.put("/a", collector.tag() + '<a href="https://user:pw@other.example/x?token=1#y"><b>out</b></a>')
    await tab.open("/a")
    await tab.page.evaluate(STAY)
    await tab.page.click("b")
    [_, event] = await tab.sent()
    assert (event["eventName"], event["customProperties"]) == ("Outbound Link: Click", {"url": "https://other.example/x"})


async def test_a_link_opened_in_a_new_tab_is_a_click(tab: Tab, site: Site, collector: Collector):
    site.put("/a", collector.tag() + '<a href="http://other.example/">out</a>')
    await tab.open("/a")
    await tab.page.evaluate("addEventListener('auxclick', (event) => event.preventDefault())")
    await tab.page.click("a", button="middle")
    await tab.page.click("a", button="right")
    assert [event["eventName"] for event in await tab.sent()] == ["page_view", "Outbound Link: Click"]


async def test_a_download_is_sent_without_its_query(tab: Tab, site: Site, collector: Collector):
    site.put("/a", collector.tag() + '<a href="/price%20list.PDF?key=1">list</a>')
    await tab.open("/a")
    await tab.page.evaluate(STAY)
    await tab.page.click("a")
    [_, event] = await tab.sent()
    assert (event["eventName"], event["customProperties"]) == ("File Download", {"url": f"{site.url}/price%20list.PDF"})


@pytest.mark.parametrize("link", ["/b", "#part", "mailto:ada@shop.example", "javascript:void 0"])
async def test_other_links_are_nobodys_business(tab: Tab, site: Site, collector: Collector, link: str):
    site.put("/a", collector.tag() + f'<a href="{link}">link</a>')
    await tab.open("/a")
    await tab.page.evaluate(STAY)
    await tab.page.click("a")
    assert len(await tab.sent()) == 1


async def test_a_tagged_element_sends_the_event_it_is_tagged_with(tab: Tab, site: Site, collector: Collector):
    site.put("/a", collector.tag() + '<button data-collect="Buy" data-collect-plan="pro"><i>now</i></button>')
    await tab.open("/a")
    await tab.page.click("i")
    [_, event] = await tab.sent()
    assert (event["eventName"], event["customProperties"]) == ("Buy", {"plan": "pro"})


async def test_a_click_that_leaves_the_page_is_still_sent(tab: Tab, site: Site, collector: Collector):
    site.put("/a", collector.tag() + f'<a href="http://other.example:{site.port}/b">out</a>')
    await tab.open("/a")
    await tab.page.click("a")
    await tab.page.wait_for_url("http://other.example*/b")
    events = await collector.wait_for(3)
    # On a slow day the page was in view for long enough to say so.
    assert {event["eventName"] for event in events} - {"engagement"} == {"page_view", "Outbound Link: Click"}
