"""Which clicks on links are counted: wherever the link is, however it is followed, and by one list of files."""

from typing import Any

import pytest

from collector.downloads import DOWNLOAD_TYPES
from tests.collector.tracker.conftest import Tab
from tests.collector.tracker.servers import Collector, Site

pytestmark = pytest.mark.asyncio(loop_scope="session")

OUT, FILE = "Outbound Link: Click", "File Download"
# A click is enough; the test stays on its page.
STAY = "<script>for (const type of ['click', 'auxclick']) addEventListener(type, (event) => event.preventDefault())</script>"
ELSEWHERE = "https://other.example"
CLICK = """(id) => document.getElementById(id).dispatchEvent(
    new MouseEvent('click', {bubbles: true, composed: true, cancelable: true}))"""
PLACES = f"""
<x-card id="host"></x-card>
<svg width="90" height="30"><a href="{ELSEWHERE}/svg"><rect id="svg" width="90" height="30"/></a></svg>
<svg width="90" height="30"><a xlink:href="{ELSEWHERE}/xlink"><rect id="xlink" width="90" height="30"/></a></svg>
<img usemap="#map" width="60" height="60"
  src="data:image/gif;base64,R0lGODlhAQABAAAAACH5BAEKAAEALAAAAAABAAEAAAICTAEAOw==">
<map name="map"><area id="area" href="{ELSEWHERE}/area" shape="rect" coords="0,0,60,60"></map>
<form><input name="matches"><input name="closest"><a id="form" href="{ELSEWHERE}/form">in a form</a></form>
<a id="relative" href="//other.example/relative">no scheme</a>
<a id="blank" href="{ELSEWHERE}/blank" target="_blank">another tab</a>
<script>
  const inner = document.createElement('div');
  inner.attachShadow({{mode: 'open'}}).innerHTML = '<a href="{ELSEWHERE}/deep"><b>deep</b></a>';
  const root = document.getElementById('host').attachShadow({{mode: 'open'}});
  root.innerHTML = '<a href="{ELSEWHERE}/shadow"><i>shadow</i></a><button data-collect="Buy"><u>buy</u></button>';
  root.append(inner);
</script>"""


async def opened(tab: Tab, site: Site, collector: Collector, html: str, **options: str) -> None:
    site.put("/a", collector.tag(**options) + html + STAY)
    await tab.open("/a")


async def clicks(tab: Tab) -> list[tuple[str, Any]]:
    """Return the events of clicks: their names, and the address that they name."""
    _, *events = await tab.sent()
    return [(event["eventName"], event.get("customProperties", {}).get("url")) for event in events]


async def test_a_link_is_counted_wherever_it_is(tab: Tab, site: Site, collector: Collector):
    await opened(tab, site, collector, PLACES)
    for place in ("i", "b", "#svg", "#xlink", "img", "#form", "#relative", "#blank"):
        await tab.page.click(place)
    names = ["shadow", "deep", "svg", "xlink", "area", "form", "relative", "blank"]
    addresses = [f"{'http' if name == 'relative' else 'https'}://other.example/{name}" for name in names]
    assert await clicks(tab) == [(OUT, address) for address in addresses]
    await tab.page.click("u")
    assert (await tab.sent())[-1]["eventName"] == "Buy"


async def test_a_link_is_counted_however_it_is_followed(tab: Tab, site: Site, collector: Collector):
    await opened(tab, site, collector, f'<a href="{ELSEWHERE}/x">out</a>')
    await tab.page.click("a")
    await tab.page.click("a", button="middle")
    await tab.page.click("a", modifiers=["Control"])
    await tab.page.focus("a")
    await tab.page.keyboard.press("Enter")
    await tab.page.click("a", button="right")
    assert await clicks(tab) == [(OUT, f"{ELSEWHERE}/x")] * 4


async def test_a_link_that_comes_later_is_counted(tab: Tab, site: Site, collector: Collector):
    await opened(tab, site, collector, "")
    later = f"document.body.insertAdjacentHTML('beforeend', '<a href=\"{ELSEWHERE}/later\">later</a>')"
    await tab.page.evaluate(later)
    await tab.page.click("a")
    assert await clicks(tab) == [(OUT, f"{ELSEWHERE}/later")]


async def test_every_file_of_the_list_is_a_download_and_no_other(tab: Tab, site: Site, collector: Collector):
    others = ["html", "php", "txt", "png", "js", "pdfs", "7", "ts"]
    names = [*sorted(DOWNLOAD_TYPES), *others]
    links = "".join(f'<a id="{name}" href="/files/a.{name}?key=1#page=2">{name}</a> ' for name in names)
    await opened(tab, site, collector, links)
    for name in names:
        await tab.page.evaluate(CLICK, name)
    expected = [(FILE, f"{site.url}/files/a.{name}") for name in sorted(DOWNLOAD_TYPES)]
    assert await clicks(tab) == expected


@pytest.mark.parametrize(
    ("link", "url"),
    [
        ('<a id="x" download="orders.csv" href="/export?fmt=csv">', "{site}/export"),
        ('<a id="x" download href="/export">', "{site}/export"),
        ('<a id="x" download="list.txt" href="data:text/plain,hello">', "list.txt"),
        ('<a id="x" download="made.csv" href="blob:http://shop.example/0">', "made.csv"),
        ('<map><area id="x" download href="/plan"></map>', "{site}/plan"),
        ('<a id="x" href="/archive.TAR.GZ">', "{site}/archive.TAR.GZ"),
    ],
)
async def test_what_a_link_says_is_to_be_kept_is_a_download(tab: Tab, site: Site, collector: Collector, link: str, url: str):
    await opened(tab, site, collector, link)
    await tab.page.evaluate(CLICK, "x")
    assert await clicks(tab) == [(FILE, url.format(site=site.url))]


async def test_what_leads_nowhere_else_is_no_click(tab: Tab, site: Site, collector: Collector):
    links = [
        "mailto:ada@shop.example",
        "tel:+4711",
        "javascript:void 0",
        "data:text/plain,x",
        "blob:x",
        "#part",
        "/b",
        "http://[",
    ]
    html = "".join(f'<a id="x{number}" href="{link}">x</a>' for number, link in enumerate(links))
    await opened(tab, site, collector, f'{html}<a id="none" download>x</a><math><a id="math" href="{ELSEWHERE}">x</a></math>')
    for name in [*(f"x{number}" for number in range(len(links))), "none"]:
        await tab.page.evaluate(CLICK, name)
    await tab.page.evaluate(CLICK, "math")
    assert [click for click in await clicks(tab) if click != (OUT, f"{ELSEWHERE}/")] == []
