"""In a real browser quick clicks add up, back and forward hold, and the page says that it is busy."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from urllib.parse import parse_qsl, urlsplit

import pytest
from playwright.async_api import Browser, Page, Route, expect

from contracts.events import Channel, Place, Source
from tests.facts import ANNA, BERT
from tests.projections.dashboard.test_live_page import dashboard, just_now, tab

pytestmark = pytest.mark.asyncio(loop_scope="session")


class Door:
    """Lets no answer through until it is opened, as a server does that is busy."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.is_open = asyncio.Event()
        self.asked: list[str] = []

    async def __call__(self, route: Route) -> None:
        self.asked.append(route.request.url)
        await self.is_open.wait()
        # Of those that were given up nobody waits for the answer.
        await route.continue_()

    async def open(self) -> None:
        self.is_open.set()
        await expect(self.page.locator("#main[aria-busy]")).to_have_count(0)


@asynccontextmanager
async def opened(postgres_url: str, browser: Browser) -> AsyncIterator[tuple[Page, str]]:
    """Open the page of a site with two visits that differ in everything."""
    google = Source(name="Google", channel=Channel.ORGANIC_SEARCH, utm_campaign="spring")
    async with dashboard(postgres_url) as (world, url), tab(browser) as page:
        await world.tell(
            just_now("/pricing", visitor=ANNA, source=google, place=Place(country="NO")),
            just_now("/about", visitor=BERT, place=Place(country="SE")),
        )
        await page.goto(f"{url}/sites/example.org")
        yield page, f"{url}/sites/example.org"


async def busy(page: Page) -> Door:
    """Make the server busy from now on."""
    door = Door(page)
    await page.route("**/sites/example.org*", door)
    return door


def asked(address: str) -> list[tuple[str, str]]:
    return parse_qsl(urlsplit(address).query)


async def link(page: Page, name: str) -> None:
    await page.locator(f'#main a:text-is("{name}")').first.click()


CLICKS: list[tuple[list[str], list[tuple[str, str]]]] = [
    (["Google", "/pricing"], [("filter", "source:Google"), ("filter", "page:/pricing")]),
    (["Channels", "Exit"], [("show", "channel"), ("show", "exit_page")]),
    (["Channels", "Referrers", "Campaigns"], [("show", "utm_campaign")]),
    (["Today", "Bots", "Norway"], [("period", "today"), ("who", "bot"), ("filter", "country:NO")]),
    (["Today", "7 days"], []),
    (["Bots", "Humans", "Google", "Google"], [("filter", "source:Google")]),
    (["30 days", "Yesterday", "Entry"], [("period", "yesterday"), ("show", "entry_page")]),
]


async def test_what_is_clicked_before_the_first_answer_adds_up(postgres_url: str, browser: Browser):
    async with opened(postgres_url, browser) as (page, start):
        for clicks, expected in CLICKS:
            await page.unroute_all()
            await page.goto(start)
            door = await busy(page)
            for name in clicks:
                await link(page, name)
            await expect(page.locator("#main")).to_have_attribute("aria-busy", "true")
            await door.open()
            assert asked(page.url) == expected, clicks
            names = {"country:NO": "Norway", "source:Google": "Google", "page:/pricing": "/pricing"}
            chips = [names[value] for name, value in expected if name == "filter"]
            await expect(page.locator(".chip b")).to_have_text(chips)


async def test_each_quick_click_is_a_step_that_back_and_forward_take(postgres_url: str, browser: Browser):
    async with opened(postgres_url, browser) as (page, start):
        door = await busy(page)
        await link(page, "Norway")
        await link(page, "/pricing")
        await door.open()
        for go, chips in ((page.go_back, ["Norway"]), (page.go_back, []), (page.go_forward, ["Norway"])):
            await go()
            await expect(page.locator(".chip b")).to_have_text(chips)
        await page.go_back()
        await expect(page.locator(".chip")).to_have_count(0)
        assert page.url == start


async def test_going_back_before_the_answer_is_in_keeps_the_page(postgres_url: str, browser: Browser):
    async with opened(postgres_url, browser) as (page, start):
        door = await busy(page)
        await link(page, "Norway")
        await page.go_back()
        await expect(page.locator("#main[aria-busy]")).to_have_count(0)
        await door.open()
        await expect(page.locator(".chip")).to_have_count(0)
        assert (page.url, len(door.asked)) == (start, 1)


async def test_a_link_that_leaves_the_page_waits_for_what_was_clicked_before(postgres_url: str, browser: Browser):
    async with opened(postgres_url, browser) as (page, start):
        door = await busy(page)
        await link(page, "Norway")
        await page.locator('[data-key="details-pages"]').click()
        door.is_open.set()
        await page.wait_for_url(f"{start}/page?filter=country:NO")


async def test_days_are_typed_as_the_page_writes_them_and_shown_in_place(postgres_url: str, browser: Browser):
    async with opened(postgres_url, browser) as (page, _):
        await page.evaluate("window.stays = true")
        door = await busy(page)
        await link(page, "Norway")
        await page.locator("#custom > summary").click()
        await page.get_by_label("From").fill("2026-11-01")
        await page.get_by_label("To", exact=True).fill("2026-11-18")
        await page.get_by_role("button", name="Show these days").click()
        await door.open()
        expected = {"period": "custom", "from": "2026-11-01", "to": "2026-11-18", "filter": "country:NO"}
        assert dict(asked(page.url)) == expected
        await expect(page.locator("#custom > summary")).to_contain_text("1 Nov to 18 Nov 2026")
        assert await page.evaluate("window.stays")


async def test_whoever_types_days_while_an_answer_comes_goes_on_typing(postgres_url: str, browser: Browser):
    async with opened(postgres_url, browser) as (page, _):
        door = await busy(page)
        await link(page, "Norway")
        await page.locator("#custom > summary").click()
        await page.get_by_label("From").fill("2026-11-0")
        await door.open()
        await expect(page.locator(".chip b")).to_have_text(["Norway"])
        await page.keyboard.type("1")
        await expect(page.get_by_label("From")).to_have_value("2026-11-01")
        await page.keyboard.press("Enter")
        await expect(page.locator("#custom > summary")).to_contain_text("1 Nov")
        await expect(page.locator("#custom .sheet")).to_be_hidden()


async def test_arrows_lead_from_day_to_day_of_the_chart(postgres_url: str, browser: Browser):
    async with opened(postgres_url, browser) as (page, _):
        await page.locator(".plot-head a").last.focus()
        await page.keyboard.press("Tab")
        assert "(so far)" in await page.evaluate("document.activeElement.ariaLabel")
        await expect(page.locator(".bubble b")).to_have_text("2 visitors")
        await page.keyboard.press("Home")
        await page.keyboard.press("ArrowRight")
        day = await page.evaluate("document.activeElement.getAttribute('href')")
        assert await page.locator('.bars a[tabindex="0"]').count() == 1
        await page.keyboard.press("Enter")
        await expect(page.locator(".segments [aria-current]")).to_have_text(["Humans"])
        assert page.url.endswith(day)
