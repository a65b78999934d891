"""In a real browser the page keeps itself up to date and follows its links in place, under its own content security policy."""

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta

import pytest
import uvicorn
from playwright.async_api import Browser, Page, expect

from contracts.events import Place
from projections.app import create_app
from projections.migrations import migrate
from tests.facts import ANNA, BERT, pageview
from tests.projections.control.deciding import decided, site
from tests.projections.query.world import World

pytestmark = pytest.mark.asyncio(loop_scope="session")
PATIENCE = 15_000


@asynccontextmanager
async def dashboard(database_url: str, *, access_token: str | None = None) -> AsyncIterator[tuple[World, str]]:
    """Serve the dashboard on a port of its own, over real tables and with the real clock."""
    await migrate(database_url)
    app = create_app(
        database_url=database_url,
        tenant="main",
        access_token=access_token,
        public_url="http://collector.example",
        clock=lambda: datetime.now(UTC),
    )
    listening = socket.create_server(("127.0.0.1", 0))
    server = uvicorn.Server(uvicorn.Config(app, log_level="critical", lifespan="on"))
    serving = asyncio.create_task(server.serve([listening]))
    world = World(database_url)
    try:
        yield world, f"http://localhost:{listening.getsockname()[1]}"
    finally:
        server.should_exit = True
        await serving
        listening.close()
        await world.client.aclose()
        await world.teller.close()


@asynccontextmanager
async def tab(browser: Browser, *, patient: bool = False, **context: object) -> AsyncIterator[Page]:
    """Open a page in a context of its own; anything that it complains about is a failure, unless the test is *patient*."""
    opened = await browser.new_context(**context)  # type: ignore[arg-type]  # playwright's own names
    page = await opened.new_page()
    complaints: list[str] = []
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on("console", lambda line: complaints.append(line.text) if line.type in ("error", "warning") else None)
    yield page
    await opened.close()
    assert patient or complaints == []


def just_now(path: str = "/", *, visitor: str = ANNA, **fields: object):
    return pageview(path, at=datetime.now(UTC) - timedelta(seconds=2), visitor=visitor, **fields)


async def test_the_first_event_ends_the_waiting_by_itself(postgres_url: str, browser: Browser):
    async with dashboard(postgres_url) as (world, url), tab(browser) as page:
        await page.goto(f"{url}/sites/example.org")
        await expect(page.get_by_role("status")).to_contain_text("Waiting for the first event")
        await world.tell(just_now("/hello"))
        await expect(page.get_by_role("link", name="/hello")).to_be_visible(timeout=PATIENCE)
        assert await page.title() == "example.org · Collector"


async def test_numbers_rise_while_the_keyboard_and_the_opened_stay_where_they_are(postgres_url: str, browser: Browser):
    async with dashboard(postgres_url) as (world, url), tab(browser) as page:
        await world.tell(just_now())
        await page.goto(f"{url}/sites/example.org?period=today")
        await page.get_by_text("Show as table").click()
        await page.get_by_role("link", name="Exit").focus()
        await world.tell(just_now(visitor=BERT))
        await expect(page.locator("#panel-now")).to_contain_text("2 visitors", timeout=PATIENCE)
        assert await page.evaluate("document.activeElement.textContent") == "Exit"
        assert await page.evaluate("document.getElementById('chart-table').open")


async def test_a_filter_is_followed_in_place_and_back_again(postgres_url: str, browser: Browser):
    async with dashboard(postgres_url) as (world, url), tab(browser) as page:
        await world.tell(just_now(place=Place(country="NO")), just_now(visitor=BERT, place=Place(country="SE")))
        await page.goto(f"{url}/sites/example.org")
        await page.evaluate("window.stays = true")
        await page.get_by_role("link", name="Norway").click()
        await expect(page.locator(".chip")).to_contain_text("Norway")
        assert page.url == f"{url}/sites/example.org?filter=country:NO"
        await page.go_back()
        await expect(page.locator(".chip")).to_have_count(0)
        assert await page.evaluate("window.stays")


async def test_another_time_zone_keeps_the_period_and_the_filters(postgres_url: str, browser: Browser):
    async with dashboard(postgres_url) as (world, url), tab(browser, java_script_enabled=False) as page:
        await world.tell(just_now())
        await page.goto(f"{url}/sites/example.org?period=30d&filter=page:/")
        await page.locator("#custom > summary").click()
        await page.get_by_label("Days begin at midnight in").fill("Asia/Kathmandu")
        await page.get_by_role("button", name="Use this time zone").click()
        assert page.url == f"{url}/sites/example.org?period=30d&filter=page%3A%2F&timezone=Asia%2FKathmandu"
        await expect(page.locator("#custom > summary")).to_contain_text("Asia/Kathmandu")


async def test_without_scripts_everything_is_there(postgres_url: str, browser: Browser):
    async with dashboard(postgres_url) as (world, url), tab(browser, java_script_enabled=False) as page:
        await world.tell(just_now("/pricing"))
        await page.goto(f"{url}/sites/example.org")
        await page.get_by_role("link", name="/pricing").click()
        await expect(page.locator(".chip")).to_contain_text("/pricing")
        await page.locator('[data-key="tile-bounce_rate"]').click()
        await expect(page.locator('[data-key="tile-bounce_rate"]')).to_have_attribute("aria-current", "true")


@pytest.mark.parametrize("width", [390, 768, 1280])
async def test_no_page_is_wider_than_its_window(postgres_url: str, browser: Browser, width: int):
    async with dashboard(postgres_url) as (world, url), tab(browser, viewport={"width": width, "height": 800}) as page:
        await world.tell(just_now("/" + "a-very-long-path/" * 30))
        await decided(postgres_url, site("waiting.example"))
        for path in ("/", "/sites/example.org", "/sites/example.org/page", "/sites/waiting.example"):
            await page.goto(url + path)
            assert await page.evaluate("document.documentElement.scrollWidth <= innerWidth"), path


async def test_the_chosen_theme_is_remembered(postgres_url: str, browser: Browser):
    async with dashboard(postgres_url) as (_, url), tab(browser, color_scheme="light") as page:
        await page.goto(url)
        await page.get_by_role("button", name="Switch between light and dark").click()
        await page.reload()
        assert await page.evaluate("document.documentElement.dataset.theme") == "dark"
        assert await page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(13, 18, 17)"
