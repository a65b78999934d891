"""How long a page was really looked at, and how far down."""

import pytest

from tests.browser import USER_AGENT
from tests.collector.tracker.conftest import Tab
from tests.collector.tracker.servers import Collector, Site

pytestmark = pytest.mark.asyncio(loop_scope="session")

# What a browser does when the tab is left, which a headless one never is.
VIEW = """
    Object.defineProperty(Document.prototype, 'visibilityState', {get: () => window.view || 'visible'});
    Object.defineProperty(Document.prototype, 'hasFocus', {value: () => window.focused !== false});
"""
HIDE = "window.view = 'hidden'; document.dispatchEvent(new Event('visibilitychange'))"
SHOW = "window.view = 'visible'; document.dispatchEvent(new Event('visibilitychange'))"
BLUR = "window.focused = false; window.dispatchEvent(new Event('blur'))"
FOCUS = "window.focused = true; window.dispatchEvent(new Event('focus'))"
TALL = '<div style="height: 4000px; margin: 0">text</div>'


@pytest.fixture
def reader(tab: Tab, site: Site, collector: Collector) -> Tab:
    """A visitor of a tall page whose time passes only when the test says so."""
    site.put("/tall", f"<style>body {{ margin: 0 }}</style>{TALL}{collector.tag()}")
    return tab


async def opened(reader: Tab, path: str = "/tall") -> None:
    await reader.page.clock.install(time=0)
    await reader.page.add_init_script(VIEW)
    await reader.open(path)
    await reader.page.clock.pause_at(10_000)
    # The stretch up to here has a length of its own; it ends with a look away.
    await reader.page.evaluate(f"{HIDE}; {SHOW}")
    await reader.forget()


async def passed(reader: Tab, milliseconds: int) -> None:
    await reader.page.clock.run_for(milliseconds)


async def test_going_away_sends_the_time_in_view_without_a_referrer(reader: Tab, site: Site):
    await opened(reader)
    await passed(reader, 5_000)
    await reader.page.evaluate(HIDE)
    [event] = await reader.sent()
    assert event["engagement"] == {"ms": 5_000, "scroll": 18}
    assert event["url"] == f"{site.url}/tall"
    assert set(event) == {"id", "domain", "url", "eventName", "timezone", "screen", "engagement"}


async def test_time_out_of_view_does_not_count(reader: Tab):
    await opened(reader)
    await passed(reader, 2_000)
    await reader.page.evaluate(HIDE)
    await passed(reader, 60_000)
    await reader.page.evaluate(SHOW)
    await passed(reader, 3_000)
    await reader.page.evaluate(HIDE)
    assert [event["engagement"]["ms"] for event in await reader.sent()] == [2_000, 3_000]


async def test_less_than_a_second_is_kept_for_later(reader: Tab):
    await opened(reader)
    for _ in range(2):
        await passed(reader, 600)
        await reader.page.evaluate(f"{HIDE}; {SHOW}")
    assert [event["engagement"]["ms"] for event in await reader.sent()] == [1_200]


async def test_time_out_of_focus_does_not_count_and_a_glance_elsewhere_sends_nothing(reader: Tab):
    await opened(reader)
    await passed(reader, 2_000)
    await reader.page.evaluate(BLUR)
    await passed(reader, 60_000)
    await reader.page.evaluate(FOCUS)
    assert await reader.sent() == []
    await passed(reader, 2_000)
    await reader.page.evaluate(BLUR)
    assert [event["engagement"]["ms"] for event in await reader.sent()] == [4_000]


async def test_the_lowest_point_that_was_in_view_is_the_scroll(reader: Tab):
    await opened(reader)
    await passed(reader, 2_000)
    for top in (1_280, 0):
        await reader.page.evaluate(f"new Promise((done) => {{ onscroll = done; scrollTo(0, {top}) }}).then(() => 0)")
    await reader.page.evaluate(HIDE)
    [event] = await reader.sent()
    assert event["engagement"]["scroll"] == 50


async def test_a_change_of_address_sends_the_engagement_of_the_page_before(reader: Tab, site: Site):
    await opened(reader)
    await passed(reader, 3_000)
    await reader.page.evaluate("history.pushState({}, '', '/next')")
    [event, _] = await reader.sent()
    assert (event["url"], event["engagement"]) == (f"{site.url}/tall", {"ms": 3_000, "scroll": 18})


async def test_a_change_of_the_query_alone_goes_on_with_the_page(reader: Tab, site: Site):
    await opened(reader)
    await passed(reader, 3_000)
    await reader.page.evaluate("history.pushState({}, '', '?sort=asc')")
    await passed(reader, 2_000)
    await reader.page.evaluate("history.pushState({}, '', '/next')")
    [event, _] = await reader.sent()
    assert (event["url"], event["engagement"]) == (f"{site.url}/tall", {"ms": 5_000, "scroll": 18})


async def test_time_belongs_to_the_virtual_page(reader: Tab, site: Site):
    await opened(reader)
    await reader.page.evaluate("collector('pageview', {url: '/step/2'})")
    await passed(reader, 3_000)
    await reader.page.evaluate(HIDE)
    [_, event] = await reader.sent()
    assert (event["url"], event["engagement"]["ms"]) == (f"{site.url}/step/2", 3_000)


async def test_the_depth_of_a_page_is_measured_before_the_next_one_is_drawn(reader: Tab):
    await opened(reader)
    await reader.page.evaluate("history.pushState({}, '', '/next')")
    await passed(reader, 3_000)
    await reader.page.evaluate("history.pushState({}, '', '/third'); document.body.replaceChildren()")
    [_, event, _] = await reader.sent()
    assert event["engagement"]["scroll"] == 18


async def test_a_new_page_starts_with_no_time_and_no_depth(reader: Tab, site: Site):
    await opened(reader)
    await passed(reader, 3_000)
    await reader.page.evaluate("history.pushState({}, '', '/next')")
    await passed(reader, 900)
    await reader.page.evaluate("history.pushState({}, '', '/third')")
    await passed(reader, 1_500)
    await reader.page.evaluate(HIDE)
    engagements = [event for event in await reader.sent() if event["eventName"] == "engagement"]
    assert [(event["url"], event["engagement"]["ms"]) for event in engagements] == [
        (f"{site.url}/tall", 3_000),
        (f"{site.url}/third", 1_500),
    ]


async def test_leaving_for_another_site_still_sends_the_engagement(reader: Tab, site: Site, collector: Collector):
    site.put("/elsewhere", "")
    await opened(reader)
    await passed(reader, 4_000)
    await reader.page.goto(f"http://other.example:{site.port}/elsewhere")
    [event] = await collector.wait_for(1)
    # The same visitor to the collector: what is sent while a page is left carries the same user agent.
    assert collector.posts[0].headers["user-agent"] == USER_AGENT
    assert (event["url"], event["engagement"]["ms"]) == (f"{site.url}/tall", 4_000)


async def test_an_excluded_page_has_no_engagement(reader: Tab, site: Site, collector: Collector):
    site.put("/secret", collector.tag(exclude="/secret"))
    await opened(reader, "/secret")
    await passed(reader, 4_000)
    await reader.page.evaluate(HIDE)
    await reader.page.evaluate("history.replaceState({}, '', '/open')")
    assert await reader.sent() == []


async def test_no_timer_runs_while_a_page_is_read(reader: Tab):
    await opened(reader)
    await passed(reader, 24 * 3_600_000)
    assert await reader.sent() == []
