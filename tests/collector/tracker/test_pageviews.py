"""When a page counts as seen, and what is sent then."""

import uuid
from pathlib import Path

import pytest

from collector.privacy.url import reduce_url
from tests.collector.tracker.conftest import Tab
from tests.collector.tracker.servers import Collector, Site

pytestmark = pytest.mark.asyncio(loop_scope="session")

HIDE = "Object.defineProperty(Document.prototype, 'visibilityState', {get: () => window.view || 'hidden'})"
SHOW = "window.view = 'visible'; document.dispatchEvent(new Event('visibilitychange'))"
HIDE_AGAIN = "window.view = 'hidden'; document.dispatchEvent(new Event('visibilitychange'))"


async def test_a_load_is_one_pageview_and_nothing_else(tab: Tab, site: Site):
    await tab.open("/a?utm_source=news#part")
    [event] = await tab.sent()
    assert uuid.UUID(event.pop("id")).version == 4
    assert event == {
        "domain": "shop.example",
        "url": f"{site.url}/a?utm_source=news",
        "eventName": "page_view",
        "timezone": "Europe/Berlin",
        "screen": "large",
    }


async def test_the_referrer_of_a_load_is_the_documents(tab: Tab):
    await tab.open(referer="http://search.example/?q=shoes")
    [event] = await tab.sent()
    assert event["referrer"] == "http://search.example/?q=shoes"


async def test_every_event_has_an_id_of_its_own(tab: Tab):
    await tab.open()
    for name in ("x", "y", "z"):
        await tab.collector(name)
    assert len({event["id"] for event in await tab.sent()}) == 4


async def test_push_state_and_back_are_pageviews_that_name_the_page_before(tab: Tab, site: Site):
    await tab.open("/a")
    await tab.page.evaluate("history.pushState({}, '', '/b?page=2')")
    await tab.page.evaluate("history.back()")
    await tab.page.wait_for_url("**/a")
    assert [(event["url"], event.get("referrer")) for event in await tab.sent()] == [
        (f"{site.url}/a", None),
        (f"{site.url}/b?page=2", f"{site.url}/a"),
        (f"{site.url}/a", f"{site.url}/b?page=2"),
    ]


async def test_push_state_to_the_same_address_is_no_pageview(tab: Tab):
    await tab.open("/a")
    await tab.page.evaluate("history.pushState({}, '', '/a#elsewhere')")
    assert len(await tab.sent()) == 1


async def test_a_change_of_the_query_alone_is_the_same_page(tab: Tab, site: Site):
    await tab.open("/a?sort=asc")
    await tab.page.evaluate("history.pushState({}, '', '?sort=desc'); history.pushState({}, '', '?page=2#list')")
    await tab.page.evaluate("history.pushState({}, '', '/a')")
    await tab.page.evaluate("history.back()")
    await tab.page.wait_for_url("**/a?page=2#list")
    await tab.page.evaluate("history.pushState({}, '', '/b?sort=asc')")
    assert [event["url"] for event in await tab.sent()] == [f"{site.url}/a?sort=asc", f"{site.url}/b?sort=asc"]


async def test_a_change_of_the_query_is_a_page_where_the_site_says_so(tab: Tab, site: Site, collector: Collector):
    site.put("/a", collector.tag(query=""))
    await tab.open("/a?page=1")
    await tab.page.evaluate("history.pushState({}, '', '?page=2'); history.pushState({}, '', '?page=2#list')")
    assert [event["url"] for event in await tab.sent()] == [f"{site.url}/a?page=1", f"{site.url}/a?page=2"]


@pytest.mark.parametrize("url", ["/virtual/page?utm_source=x#part", "http://shop.example:{port}/virtual/page?utm_source=x"])
async def test_a_pageview_can_be_of_another_address(tab: Tab, site: Site, url: str):
    await tab.open("/a")
    heard = await tab.collector("pageview", {"url": url.format(port=site.port)})
    await tab.page.evaluate("history.pushState({}, '', '/a?step=2')")
    await tab.page.evaluate("history.pushState({}, '', '/b')")
    assert heard == {"status": 204}
    assert [(event["url"], event.get("referrer")) for event in await tab.sent()] == [
        (f"{site.url}/a", None),
        (f"{site.url}/virtual/page?utm_source=x", f"{site.url}/a"),
        (f"{site.url}/b", f"{site.url}/virtual/page?utm_source=x"),
    ]


async def test_an_address_that_is_left_out_is_so_for_a_virtual_page_too(tab: Tab, site: Site, collector: Collector):
    site.put("/a", collector.tag(exclude="/virtual/*"))
    await tab.open("/a")
    assert await tab.collector("pageview", {"url": "/virtual/page"}) == {"ignored": "exclude"}
    assert await tab.collector("x", {"url": "virtual/page"}) == {"ignored": "exclude"}
    assert len(await tab.sent()) == 1


async def test_replace_state_is_no_pageview(tab: Tab):
    await tab.open("/a")
    await tab.page.evaluate("history.replaceState({}, '', '/a?sort=price')")
    assert len(await tab.sent()) == 1


async def test_a_fragment_after_replace_state_is_no_pageview(tab: Tab):
    await tab.open("/a")
    await tab.page.evaluate("history.replaceState({}, '', '/a?sort=price')")
    await tab.page.evaluate("location.hash = 'part'")
    assert len(await tab.sent()) == 1


async def test_a_wrapped_history_still_works_as_the_browsers_own(tab: Tab):
    await tab.open("/a")
    await tab.page.evaluate("history.pushState({deep: 1}, '', '/b')")
    assert await tab.page.evaluate("[location.pathname, history.state.deep]") == ["/b", 1]


async def test_fragments_are_pages_only_where_the_site_says_so(tab: Tab, site: Site, collector: Collector):
    site.put("/app", collector.tag(hash=""))
    await tab.open("/app#/one")
    await tab.page.evaluate("location.hash = '/two'")
    assert [event["url"] for event in await tab.sent()] == [f"{site.url}/app#/one", f"{site.url}/app#/two"]


# Each is another place for the snippet exactly where the collector keeps another path.
FRAGMENTS = [
    "#about",
    "#",
    "#/",
    "#/a",
    "#/a?x=1",
    "#/a?x=2",
    "#/a#b",
    "#!/c",
    "#!d",
    "#access_token=s",
    "#?x",
    "#%2Fa",
    "#:~:text=a",
]


async def test_the_snippet_takes_those_fragments_for_pages_that_the_collector_does(tab: Tab, site: Site, collector: Collector):
    site.put("/app", collector.tag(hash=""))
    await tab.open("/app")
    paths = ["/app"]
    for fragment in FRAGMENTS:
        await tab.page.evaluate("(fragment) => history.pushState({}, '', fragment)", fragment)
        route = "#".join(fragment.split("#")[:2])  # what stands behind a route's own # is a place on its page
        path = reduce_url(f"{site.url}/app{route}").path
        if path != paths[-1]:
            paths.append(path)
    events = await tab.sent()
    assert [reduce_url(event["url"]).path for event in events] == paths
    assert not any("token" in event["url"] or "about" in event["url"] for event in events)


async def test_a_page_is_counted_when_it_comes_into_view(tab: Tab):
    await tab.page.add_init_script(HIDE)
    await tab.open("/a")
    await tab.page.evaluate("collector('early')")
    await tab.page.evaluate(SHOW)
    assert [event["eventName"] for event in await tab.sent()] == ["page_view", "early"]


async def test_a_page_that_is_never_in_view_sends_nothing(tab: Tab, collector: Collector):
    await tab.page.add_init_script(HIDE)
    await tab.open("/a")
    await tab.page.evaluate("collector('early'); history.pushState({}, '', '/b')")
    await tab.page.goto("about:blank")
    assert collector.posts == []


async def test_a_change_of_address_out_of_view_waits_for_the_view(tab: Tab, site: Site):
    await tab.page.add_init_script(HIDE)
    await tab.open("/a")
    await tab.page.evaluate(SHOW)
    await tab.page.evaluate(f"{HIDE_AGAIN}; history.pushState({{}}, '', '/b'); history.replaceState({{}}, '', '/b?x=1')")
    assert len(await tab.sent()) == 1
    await tab.page.evaluate(SHOW)
    assert [event["url"] for event in await tab.sent()] == [f"{site.url}/a", f"{site.url}/b?x=1"]


async def test_a_snippet_that_was_pasted_twice_counts_once(tab: Tab, site: Site, collector: Collector):
    site.put("/twice", collector.tag() + collector.tag())
    await tab.open("/twice")
    assert len(await tab.sent()) == 1


async def test_a_snippet_that_a_script_put_there_knows_its_site(tab: Tab, site: Site, collector: Collector):
    source = f"{collector.url}/js/c.js"
    site.put("/module", f'<script data-site="shop.example" type="module" src="{source}"></script>')
    await tab.open("/module")
    await tab.page.wait_for_function("!!window.collector")
    [event] = await tab.sent()
    assert event["domain"] == "shop.example"


async def test_a_manual_snippet_counts_what_it_is_told_to(tab: Tab, site: Site, collector: Collector):
    site.put("/manual", collector.tag(auto="false") + '<a href="http://other.example/">out</a>')
    await tab.open("/manual")
    await tab.page.evaluate("history.pushState({}, '', '/manual/next')")
    await tab.page.evaluate("void (document.querySelector('a').onclick = (event) => event.preventDefault())")
    await tab.page.click("a")
    assert await tab.sent() == []
    await tab.collector("pageview")
    assert [(event["eventName"], event["url"]) for event in await tab.sent()] == [("page_view", f"{site.url}/manual/next")]


async def test_excluded_paths_are_not_counted_nor_named_as_referrers(tab: Tab, site: Site, collector: Collector):
    site.put("/", collector.tag(exclude="/admin/*, /stra\u00dfe"))
    await tab.open()
    await tab.page.evaluate("history.pushState({}, '', '/admin/users/7')")
    assert await tab.collector("x") == {"ignored": "exclude"}
    await tab.page.evaluate("history.pushState({}, '', '/stra\u00dfe')")
    assert await tab.collector("x") == {"ignored": "exclude"}
    await tab.page.evaluate("history.pushState({}, '', '/administration')")
    assert [(event["url"], event.get("referrer")) for event in await tab.sent()] == [
        (f"{site.url}/", None),
        (f"{site.url}/administration", None),
    ]


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1"])
async def test_a_page_on_this_machine_does_not_reach_a_collector_elsewhere(tab: Tab, site: Site, host: str):
    await tab.page.goto(f"http://{host}:{site.port}/a")
    assert await tab.collector("x") == {"ignored": "local"}


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1"])
async def test_a_page_on_this_machine_reaches_a_collector_on_this_machine(
    tab: Tab, site: Site, collector: Collector, host: str
):
    site.put("/a", collector.tag(f"http://127.0.0.1:{collector.port}"))
    await tab.page.goto(f"http://{host}:{site.port}/a")
    assert [event["url"] for event in await tab.sent()] == [f"http://{host}:{site.port}/a"]


async def test_a_page_on_this_machine_may_ask_to_be_counted_elsewhere(tab: Tab, site: Site, collector: Collector):
    site.put("/a", collector.tag(local=""))
    await tab.page.goto(f"http://localhost:{site.port}/a")
    assert len(await tab.sent()) == 1


async def test_a_page_from_a_file_is_counted_without_its_folders(tab: Tab, collector: Collector, tmp_path: Path):
    (tmp_path / "try.html").write_text(collector.tag(f"http://127.0.0.1:{collector.port}"), encoding="utf-8")
    await tab.page.goto((tmp_path / "try.html").as_uri() + "?from=/home/ada")
    [event] = await tab.sent()
    assert event["url"] == "/try.html?from=/home/ada"


async def test_a_page_from_a_file_does_not_reach_a_collector_elsewhere(tab: Tab, collector: Collector, tmp_path: Path):
    (tmp_path / "try.html").write_text(collector.tag(), encoding="utf-8")
    await tab.page.goto((tmp_path / "try.html").as_uri())
    assert await tab.collector("x") == {"ignored": "local"}


async def test_the_address_to_post_to_can_be_the_sites_own(tab: Tab, site: Site, collector: Collector):
    site.put("/a", collector.tag(api="/proxy/event"))
    await tab.open("/a")
    assert await tab.collector("x") == {"status": 204}
    assert [request.path for request in site.received if request.method == "POST"] == ["/proxy/event"] * 2


async def test_the_servers_page_for_what_is_not_there_says_so_once_and_keeps_the_bounce(
    tab: Tab, site: Site, collector: Collector
):
    site.put("/gone", collector.tag(**{"404": ""}))
    await tab.open("/gone")
    await tab.page.evaluate("history.pushState({}, '', '/found')")
    assert [(event["eventName"], event["url"], event.get("interactive")) for event in await tab.sent()] == [
        ("page_view", f"{site.url}/gone", None),
        ("404", f"{site.url}/gone", False),
        ("page_view", f"{site.url}/found", None),
    ]
