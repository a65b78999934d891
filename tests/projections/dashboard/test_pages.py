"""Pages hold the numbers without any script, keep their state in their address, and never run what somebody sent."""

import re
from datetime import timedelta

import pytest

from contracts.events import BotRule, Channel, Place, Source
from tests.facts import BERT, event, pageview
from tests.projections.control.deciding import decided, site
from tests.projections.dashboard.outline import Outline
from tests.projections.query.world import NOW, World

MINUTE = timedelta(minutes=1)
HOSTILE = "\"'><script>alert(1)</script><img src=x onerror=alert(1)>"


async def test_a_site_without_facts_waits_with_its_snippet(world: World):
    page = Outline(await world.page("/sites/new.example.org"))
    assert '<script defer data-site="new.example.org" src="http://localhost:8000/js/c.js"></script>' in page.words
    assert "Waiting for the first event" in page.words


async def test_without_any_site_the_front_page_says_how_to_begin(world: World):
    assert "Waiting for the first event" in await world.page("/")
    response = await world.get("/", site=" New.Example.org ")
    assert (response.status_code, response.headers["location"]) == (303, "/sites/new.example.org")


async def test_the_front_page_leads_to_every_site_with_facts(world: World):
    await world.tell(pageview(at=NOW), pageview(at=NOW, site="other.example"))
    assert {"/sites/example.org", "/sites/other.example"} <= set(Outline(await world.page("/")).hrefs())


async def test_people_read_a_site_in_its_own_letters_and_links_spell_it_in_ascii(world: World):
    await world.tell(pageview(at=NOW, site="xn--bcher-kva.example"))
    assert (await world.get("/", site="Bücher.example")).headers["location"] == "/sites/xn--bcher-kva.example"
    for path in ("/sites/bücher.example", "/sites/xn--bcher-kva.example", "/sites/bücher.example/page"):
        html = await world.page(path)
        assert "bücher.example" in html.partition("<title>")[2].partition("</title>")[0]
        assert all(href.isascii() for href in Outline(html).hrefs())
    assert "bücher.example" in Outline(await world.page("/")).words


async def test_a_page_holds_the_numbers(world: World):
    await world.tell(pageview("/pricing", at=NOW - MINUTE, place=Place(country="NO")), event("Signup", at=NOW))
    words = " ".join(Outline(await world.page()).words.split())
    for text in ("Visitors", "/pricing", "Norway", "Signup", "1 visitor in the last 5 minutes", "2 events counted"):
        assert text in words


async def test_a_row_leads_to_the_same_page_with_one_filter_more_and_a_chip_takes_it_back(world: World):
    await world.tell(pageview("/a b&c?=#%", at=NOW, source=Source(name="Hacker News", channel=Channel.REFERRAL)))
    first = Outline(await world.page(period="30d", who="all"))
    narrower = next(href for href in first.hrefs() if "filter=page" in href)
    second = Outline(await world.page(narrower))
    assert "Page is /a b&c?=#%" in " ".join(second.words.split())
    assert "period=30d" in narrower
    assert "who=all" in narrower
    assert "/sites/example.org?period=30d&who=all" in second.hrefs()


async def test_every_link_of_a_page_is_answered(world: World):
    await world.tell(
        pageview("/pricing", at=NOW, place=Place(country="NO", region="NO-03"), source=Source(name="x", utm_campaign="y")),
        pageview("/robot", at=NOW, visitor=BERT, bot=BotRule.CRAWLER, bot_name="Googlebot"),
        event("Signup", at=NOW),
    )
    page = Outline(
        await world.page(period="custom", who="all", filter="page:/pricing", **{"from": "2026-11-01", "to": "2026-11-18"})
    )
    assert len(page.hrefs()) > 50
    for href in set(page.hrefs()):
        response = await world.client.get(href)
        assert response.status_code == 200, href


@pytest.mark.parametrize("show", ["channel", "utm_campaign", "exit_page", "region", "browser"])
async def test_an_open_tab_is_part_of_the_address(world: World, show: str):
    await world.tell(pageview(at=NOW))
    page = Outline(await world.page(show=show))
    chosen = [attributes for _, attributes in page.tags if attributes.get("data-key") == f"tab-{show}"]
    assert chosen[0]["aria-current"] == "true"


async def test_facts_outside_the_period_are_pointed_at(world: World):
    await world.tell(pageview(at=NOW - timedelta(days=400)), pageview(at=NOW - timedelta(days=399)))
    page = Outline(await world.page())
    assert "/sites/example.org?period=custom&from=2025-10-14&to=2025-10-15" in page.hrefs()


async def test_what_somebody_sent_is_text(world: World):
    await world.tell(
        pageview(
            f"/{HOSTILE}",
            at=NOW,
            source=Source(name=HOSTILE, referrer="javascript:alert(1)", utm_campaign=HOSTILE),
            place=Place(country=HOSTILE, region=HOSTILE),
        ),
        event(HOSTILE, at=NOW),
    )
    pages = [await world.page(show=show) for show in ("source", "referrer", "utm_campaign", "region", "entry_page")]
    pages += [await world.page(f"/sites/example.org/{name}") for name in ("page", "event", "referrer", "country")]
    pages.append(await world.page(filter=f"event:{HOSTILE}"))
    for html in pages:
        page = Outline(html)
        assert [attributes.get("src", "") for tag, attributes in page.tags if tag == "script"] == scripts_of(html)
        assert not [tag for tag, attributes in page.tags if tag == "img" or any(name.startswith("on") for name in attributes)]
        assert not [href for href in page.hrefs() if not href.startswith(("/", "#"))]


def scripts_of(html: str) -> list[str]:
    return re.findall(r'<script (?:type="module" )?src="(/assets/[a-z]+\.[0-9a-f]+\.js)"></script>', html)


async def test_no_page_has_a_style_or_script_of_its_own(world: World):
    await world.tell(pageview(at=NOW))
    await decided(world.database_url, site("waiting.example"))
    for path in ("/", "/sites/example.org", "/sites/example.org/page", "/sites/waiting.example"):
        page = Outline(await world.page(path))
        assert not [tag for tag, attributes in page.tags if "style" in attributes or tag == "style"]


@pytest.mark.parametrize(
    "path", ["/", "/sites/example.org", "/api/stats", "/nothing/at/all", "/schema/openapi.json", "/robots.txt"]
)
async def test_every_answer_forbids_what_it_does_not_need(world: World, path: str):
    headers = (await world.get(path)).headers
    assert headers["content-security-policy"].startswith("default-src 'none'; ")
    assert "unsafe" not in headers["content-security-policy"]
    assert "frame-ancestors 'none'" in headers["content-security-policy"]
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] == "same-origin"
    assert headers["cache-control"] == "no-store"


async def test_files_are_kept_for_ever_under_a_name_that_changes_with_them(world: World):
    page = Outline(await world.page("/"))
    names = [a.get("href") or a.get("src") or "" for tag, a in page.tags if tag in ("link", "script")]
    assert len(names) == 6
    for name in names:
        assert re.fullmatch(r"/assets/[a-z]+\.[0-9a-f]{10}\.(css|js|svg)", name)
        assert "immutable" in (await world.get(name)).headers["cache-control"]
    assert (await world.get("/assets/dashboard.0000000000.css")).status_code == 404


async def test_a_page_without_news_says_so_in_a_word(world: World):
    await world.tell(pageview(at=NOW))
    mark = (await world.get("/sites/example.org")).headers["etag"]
    again = await world.client.get("/sites/example.org", headers={"If-None-Match": mark})
    assert (again.status_code, again.content) == (304, b"")
    await world.tell(pageview(at=NOW, visitor=BERT))
    assert (await world.client.get("/sites/example.org", headers={"If-None-Match": mark})).status_code == 200


async def test_tables_are_told_apart_by_those_who_cannot_see_them(world: World):
    await world.tell(pageview(at=NOW), event("Signup", at=NOW))
    page = Outline(await world.page())
    tags = [tag for tag, _ in page.tags]
    assert tags.count("table") == tags.count("caption")
    assert all("scope" in attributes for tag, attributes in page.tags if tag == "th")
    assert [attributes["aria-label"] for tag, attributes in page.tags if attributes.get("role") == "img"]


async def test_an_empty_panel_advises_only_where_the_advice_helps(world: World):
    await world.tell(pageview(at=NOW), pageview(at=NOW, visitor=BERT, bot=BotRule.CRAWLER, bot_name="Googlebot"))
    advice = "window.collector('Signup')"
    assert advice in Outline(await world.page()).said()
    for elsewhere in ({"who": "bot"}, {"who": "all"}, {"filter": "page:/"}):
        assert advice not in Outline(await world.page(**elsewhere)).said(), elsewhere


async def test_one_pageview_is_not_called_pageviews(world: World):
    await world.tell(pageview(at=NOW - MINUTE))
    words = Outline(await world.page()).said()
    assert "1 pageview" in words
    assert not re.findall(r"\b1 (?:visitors|pageviews|events|repeats)", words)
